"""Roles, the accounts of the services, and the catalogue. Each step looks before it makes."""
from cryptography import fernet

from . import settings
from .session import connect

_ROLES = ('admin', 'member', 'reader', 'service', 'heat_stack_owner', 'heat_stack_user',
          # What Concertim's users are given beside `member`.
          'watcher', 'rating')

_CATALOGUE = (
    ('placement', 'placement', ''),
    ('glance', 'image', ''),
    ('nova', 'compute', '/v2.1'),
    ('neutron', 'network', ''),
    ('heat', 'orchestration', '/v1/%(tenant_id)s'),
    ('gnocchi', 'metric', ''),
    ('cinder', 'volumev3', '/v3/%(tenant_id)s'),
)


def make_token_keys():
    """The key that tokens are made with, and the next; `keystone-manage fernet_setup` takes seconds for it."""
    folder = settings.STATE / 'keystone' / 'fernet-keys'
    folder.mkdir(mode=0o700, parents=True)
    for name in ('0', '1'):
        (folder / name).write_bytes(fernet.Fernet.generate_key())


def fill():
    identity = connect(region=None).identity
    role = {name: identity.find_role(name) or identity.create_role(name=name) for name in _ROLES}

    def user(name, domain='default'):
        return identity.find_user(name, domain_id=domain) or identity.create_user(
            name=name, domain_id=domain, password=settings.PASSWORD)

    def grant(account, project, *roles):
        for name in roles:
            identity.assign_project_role_to_user(project, account, role[name])

    services = identity.find_project('service') or identity.create_project(name='service', domain_id='default')
    for name in [name for name, _, _ in _CATALOGUE] + ['ceilometer', 'cloudkitty']:
        grant(user(name), services, 'admin', 'service')
    grant(user('cloudkitty'), services, 'rating')

    admins = identity.find_project('admin')
    grant(user('admin'), admins, 'member', 'heat_stack_owner')
    grant(user('concertim'), admins, 'admin', 'member', 'watcher')

    # Heat keeps the accounts that it makes for stacks in a domain of its own.
    stacks = identity.find_domain('heat') or identity.create_domain(name='heat')
    identity.assign_domain_role_to_user(stacks, user('heat_domain_admin', stacks.id), role['admin'])

    if not identity.find_region(settings.REGION):
        identity.create_region(id=settings.REGION)
    for name, kind, path in _CATALOGUE:
        _publish(identity, name, kind, settings.url(name, path))
    # Of the first region `bootstrap` has done it.
    _publish(identity, 'keystone', 'identity', settings.AUTH_URL)


def forget_region():
    """Takes this region out of the catalogue of a Keystone that stays."""
    identity = connect(region=None).identity
    for endpoint in list(identity.endpoints(region_id=settings.REGION)):
        identity.delete_endpoint(endpoint)
    identity.delete_region(settings.REGION)


def _publish(identity, name, kind, url):
    service = identity.find_service(name) or identity.create_service(name=name, type=kind)
    known = {endpoint.interface for endpoint in identity.endpoints(service_id=service.id)
             if endpoint.region_id == settings.REGION}
    for interface in {'public', 'internal', 'admin'} - known:
        identity.create_endpoint(service_id=service.id, interface=interface, region_id=settings.REGION, url=url)
