"""OpenStack's own services: how each one's database is made and how it is started."""
import dataclasses
import urllib.error
import urllib.request

from . import configuration, mariadb, settings
from .processes import Process, run

DATABASES = ('keystone', 'placement', 'glance', 'nova_api', 'nova', 'nova_cell0', 'neutron', 'heat', 'gnocchi',
             'cinder')


@dataclasses.dataclass(frozen=True, eq=False)
class Service:
    """One process. The first part of its name is its project's, whose configuration it reads."""

    name: str
    command: tuple
    environment: dict = dataclasses.field(default_factory=dict)
    # Commands that make its database.
    schema: tuple = ()
    # Whether it answers HTTP on its project's port.
    serves: bool = True

    @property
    def project(self):
        return self.name.partition('-')[0]

    @property
    def process(self):
        return Process(self.name)

    def make_schema(self):
        for command in self.schema:
            run('schema-' + self.project, *command, **self.environment)

    def start(self):
        self.process.start(self.command, configuration.version(self.project), **self.environment)

    def wait(self):
        if self.serves:
            self.process.wait_until(lambda: answers(self.project))


def answers(project):
    """Whether that project's API answers, be it with a refusal."""
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(settings.url(project, '/'), timeout=5)
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False
    return True


def _config(name):
    return '--config-file=%s' % (settings.ETC / name)


def uwsgi(project, *application):
    """A uWSGI server of one process, as Debian's packages run these APIs (with more of them)."""
    return ('uwsgi', '--plugins', 'python3', '--http-socket', '127.0.0.1:%d' % settings.PORTS[project],
            '--enable-threads', '--threads', '4', '--need-app', '--die-on-term', '--buffer-size', '65535',
            # It closes the connection after each answer, and does not say so by itself.
            '--add-header', 'Connection: close', *application)


def _cinder_daemon(name):
    """Its module says how it is started; its package would bring LVM and iSCSI."""
    return ('python3', '-s', '-c', 'from cinder.cmd.%s import main; import announcing_cinder; main()' % name, _cinder)


_glance, _neutron, _heat, _gnocchi, _cinder = map(
    _config, ('glance-api.conf', 'neutron.conf', 'heat.conf', 'gnocchi.conf', 'cinder.conf'))
_keystone_manage = ('keystone-manage', '--config-file', settings.ETC / 'keystone.conf')
_nova_manage = ('nova-manage', _config('nova.conf'))

KEYSTONE = Service(
    'keystone', uwsgi('keystone', '--wsgi-file', '/usr/bin/keystone-wsgi-public'),
    environment={'OS_KEYSTONE_CONFIG_FILES': str(settings.ETC / 'keystone.conf')},
    schema=(
        (*_keystone_manage, 'db_sync'),
        (*_keystone_manage, 'bootstrap', '--bootstrap-password', settings.PASSWORD,
         '--bootstrap-region-id', settings.REGION, '--bootstrap-public-url', settings.AUTH_URL,
         '--bootstrap-internal-url', settings.AUTH_URL, '--bootstrap-admin-url', settings.AUTH_URL)))

# The others, in the order in which they are started: who takes longest, first.
OTHERS = (
    Service(
        'nova', (settings.SOURCE / 'daemons' / 'nova', _config('nova.conf')),
        schema=(
            (*_nova_manage, 'api_db', 'sync'),
            (*_nova_manage, 'cell_v2', 'map_cell0', '--database_connection', mariadb.url('nova_cell0')),
            (*_nova_manage, 'db', 'sync'),
            (*_nova_manage, 'cell_v2', 'create_cell', '--name', 'cell1'))),
    Service(
        'neutron', (settings.SOURCE / 'daemons' / 'neutron', _neutron),
        schema=(('neutron-db-manage', _neutron, 'upgrade', 'heads'),)),
    Service(
        'heat', ('heat-all', _heat),
        schema=(('heat-manage', _heat, 'db_sync'),)),
    Service(
        'placement', uwsgi('placement', '--wsgi-file', '/usr/bin/placement-api'),
        environment={'OS_PLACEMENT_CONFIG_DIR': str(settings.ETC)},
        schema=(('placement-manage', _config('placement.conf'), 'db', 'sync'),)),
    Service(
        'glance', uwsgi('glance', '--wsgi-file', '/usr/bin/glance-wsgi-api'),
        environment={'OS_GLANCE_CONFIG_DIR': str(settings.ETC)},
        schema=(('glance-manage', _glance, 'db_sync'),)),
    Service(
        'gnocchi', uwsgi('gnocchi', '--wsgi', 'gnocchi.rest.wsgi', '--pyargv', _gnocchi),
        schema=(('gnocchi-upgrade', _gnocchi),)),
    Service(
        'cinder', uwsgi('cinder', '--wsgi-file', '/usr/bin/cinder-wsgi', '--pyargv', _cinder,
                          '--import', 'announcing_cinder'),
        schema=(('cinder-manage', _cinder, 'db', 'sync'),)),
    Service('cinder-scheduler', _cinder_daemon('scheduler'), serves=False),
    Service('cinder-volume', _cinder_daemon('volume'), serves=False),
    Service('gnocchi-metricd', ('gnocchi-metricd', _gnocchi), serves=False),
)

# Those of this state folder.
OURS = OTHERS if settings.KEYSTONE else (KEYSTONE, *OTHERS)
