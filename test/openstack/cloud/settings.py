"""What can be set from outside (README.md has the table), and what follows from it."""
import os
import pathlib


def _set(name, default, allowed=None):
    value = os.environ.get('OPENSTACK_' + name) or default
    if allowed and value not in allowed:
        raise SystemExit('OPENSTACK_%s is %r; it can be %s' % (name, value, ' or '.join(allowed)))
    return value


def _number(name, default):
    value = _set(name, str(default))
    if not value.isdigit():
        raise SystemExit('OPENSTACK_%s is %r; it must be a whole number' % (name, value))
    return int(value)


SOURCE = pathlib.Path(__file__).resolve().parent.parent
STATE = pathlib.Path(_set('STATE', '/var/lib/concertim-openstack-test')).absolute()
ETC, LOG, RUN = STATE / 'etc', STATE / 'log', STATE / 'run'

PASSWORD = _set('PASSWORD', 'secret')
REGION = _set('REGION', 'RegionOne')
# Of another state folder: then this one is a further region of that cloud.
KEYSTONE = _set('KEYSTONE', '')
TOKEN_TTL = _number('TOKEN_TTL', 3600)
NOTIFICATION_DRIVER = _set('NOTIFICATION_DRIVER', 'messagingv2', ('messagingv2', 'messaging', 'noop'))
NOVA_NOTIFICATIONS = _set('NOVA_NOTIFICATIONS', 'unversioned', ('unversioned', 'versioned', 'both'))
KEYSTONE_NOTIFICATIONS = _set('KEYSTONE_NOTIFICATIONS', 'cadf', ('cadf', 'basic'))
HEAT_GLOBAL_INDEX = _set('HEAT_GLOBAL_INDEX', '1', ('0', '1')) == '1'
HEAT_SCHEDULER_HINTS = _set('HEAT_SCHEDULER_HINTS', '0', ('0', '1')) == '1'

# Below 32768, where the kernel takes ports for outgoing connections from.
_BASE = _number('PORT_BASE', 21000)
PORTS = {name: _BASE + n for n, name in enumerate((
    'keystone', 'glance', 'placement', 'nova', 'neutron', 'heat', 'gnocchi',
    'rabbitmq', 'rabbitmq-distribution', 'epmd', 'cinder', 'cloudkitty', 'influxdb', 'influxdb-backup'))}

MARIADB_SOCKET = STATE / 'mariadb' / 'socket'
RABBITMQ_URL = 'rabbit://guest:guest@127.0.0.1:%d/' % PORTS['rabbitmq']


def url(service, path=''):
    return 'http://127.0.0.1:%d%s' % (PORTS[service], path)


AUTH_URL = KEYSTONE or url('keystone', '/v3')


def environment(**more):
    """All that a process of the cloud sees of the environment.

    Not the caller's: a proxy, a virtualenv or an openrc in there would reach into the services.
    """
    return {
        'PATH': '/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin',
        'LC_ALL': 'C.UTF-8',
        'HOME': str(STATE),
        'PYTHONPATH': str(SOURCE / 'plugins'),
        'PYTHONDONTWRITEBYTECODE': '1',
        **more,
    }
