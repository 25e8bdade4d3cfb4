"""The services' configuration: ../etc with the settings filled in, written to the state folder."""
import hashlib
import pathlib
import string

from . import mariadb, settings


def write():
    shared = (settings.SOURCE / 'etc' / 'shared.conf').read_text()
    for template in (settings.SOURCE / 'etc').iterdir():
        if template.name == 'shared.conf':
            continue
        text = template.read_text()
        if template.suffix == '.conf' and template.name != 'rabbitmq.conf':
            text += shared
        # keystone.conf, glance-api.conf, ...: what stands before is the account and the database.
        project = template.name.partition('.')[0].partition('-')[0]
        _write(template.name, string.Template(text).substitute(_values(project)))

    # Glance reads its paste file from beside its configuration.
    _write('glance-api-paste.ini', pathlib.Path('/usr/share/glance-common/glance-api-paste.ini').read_text())
    # Gnocchi's token filter reads /etc/gnocchi unless the paste file names another.
    _write('gnocchi-api-paste.ini', pathlib.Path('/usr/share/gnocchi-common/api-paste.ini').read_text().replace(
        '[filter:keystone_authtoken]\n',
        '[filter:keystone_authtoken]\noslo_config_file = %s\n' % (settings.ETC / 'gnocchi.conf')))

    for user, project in (('admin', 'admin'), ('concertim', 'admin')):
        (settings.STATE / (user + '-openrc')).write_text(_openrc(user, project))


def version(project):
    """Changes with anything that the services of that project read at their start."""
    digest = hashlib.sha256()
    for folder, pattern in ((settings.ETC, project + '[.-]*'),
                            (settings.SOURCE / 'plugins', '**/*.*'),
                            (settings.SOURCE / 'daemons', project)):
        for path in sorted(folder.glob(pattern)):
            if path.is_file():
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _write(name, text):
    (settings.ETC / name).write_text(text)


def _values(project):
    return {
        'state': settings.STATE,
        'etc': settings.ETC,
        'password': settings.PASSWORD,
        'region': settings.REGION,
        'auth_url': settings.AUTH_URL,
        'token_ttl': settings.TOKEN_TTL,
        'notification_driver': settings.NOTIFICATION_DRIVER,
        'nova_notifications': settings.NOVA_NOTIFICATIONS,
        'keystone_notifications': settings.KEYSTONE_NOTIFICATIONS,
        'heat_scheduler_hints': settings.HEAT_SCHEDULER_HINTS,
        'heat_global_index_rule': 'role:admin' if settings.HEAT_GLOBAL_INDEX else 'rule:deny_everybody',
        'rabbitmq_url': settings.RABBITMQ_URL,
        'database': mariadb.url(project),
        'database_nova_api': mariadb.url('nova_api'),
        'credentials': _credentials(project),
        **{'port_' + name.replace('-', '_'): port for name, port in settings.PORTS.items()},
    }


def _credentials(user):
    return '\n'.join((
        'auth_type = password',
        'auth_url = %s' % settings.AUTH_URL,
        'username = %s' % user,
        'password = %s' % settings.PASSWORD,
        'project_name = service',
        'user_domain_name = Default',
        'project_domain_name = Default',
        'region_name = %s' % settings.REGION,
    ))


def _openrc(user, project):
    return ''.join('export %s=%s\n' % pair for pair in (
        ('OS_AUTH_TYPE', 'password'),
        ('OS_AUTH_URL', settings.AUTH_URL),
        ('OS_IDENTITY_API_VERSION', '3'),
        ('OS_USERNAME', user),
        ('OS_PASSWORD', settings.PASSWORD),
        ('OS_USER_DOMAIN_NAME', 'Default'),
        ('OS_PROJECT_NAME', project),
        ('OS_PROJECT_DOMAIN_NAME', 'Default'),
        ('OS_REGION_NAME', settings.REGION),
        ('OPENSTACK_STATE', settings.STATE),
        ('OPENSTACK_RABBITMQ_PORT', settings.PORTS['rabbitmq']),
        ('no_proxy', '127.0.0.1,localhost'),
    ))
