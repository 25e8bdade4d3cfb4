"""What an operator puts into a new cloud: an image, flavors, networks, archive policies. Looks before it makes."""
from . import settings
from .processes import run
from .session import connect, connect_gnocchi

# name, vCPUs, MiB, GiB; their ids are 1, 2, ...
_FLAVORS = (
    ('m1.tiny', 1, 512, 1),
    ('m1.small', 1, 2048, 20),
    ('m1.medium', 2, 4096, 40),
    ('m1.large', 4, 8192, 80),
)


def fill():
    cloud = connect()

    if not cloud.image.find_image('test-image'):
        # One sector: the hypervisor never looks inside.
        cloud.image.create_image('test-image', data=bytes(512), disk_format='raw', container_format='bare',
                                 visibility='public')

    for number, (name, vcpus, ram, disk) in enumerate(_FLAVORS, 1):
        if not cloud.compute.find_flavor(name):
            cloud.compute.create_flavor(id=str(number), name=name, vcpus=vcpus, ram=ram, disk=disk)

    public = _network(cloud, 'public', '203.0.113.0/24', is_dhcp_enabled=False, network={
        'is_router_external': True, 'provider_network_type': 'flat', 'provider_physical_network': 'external'})
    private = _network(cloud, 'private', '10.50.0.0/22', network={'is_shared': True})
    if not cloud.network.find_router('router'):
        router = cloud.network.create_router(name='router', external_gateway_info={'network_id': public.network_id})
        cloud.network.add_interface_to_router(router, subnet_id=private.id)

    _measures()


def _network(cloud, name, cidr, network, **subnet):
    """The subnet of that name, in a network of that name."""
    known = cloud.network.find_subnet(name)
    if known:
        return known
    made = cloud.network.find_network(name) or cloud.network.create_network(name=name, **network)
    return cloud.network.create_subnet(name=name, network_id=made.id, ip_version=4, cidr=cidr, **subnet)


def _measures():
    # The resource types (instance, instance_disk, ...) are Ceilometer's.
    run('ceilometer-upgrade', 'ceilometer-upgrade', '--config-file=%s' % (settings.ETC / 'ceilometer.conf'))
    gnocchi = connect_gnocchi()
    known = {policy['name'] for policy in gnocchi.archive_policy.list()}
    for name, methods in (('concertim_policy', ['mean']), ('concertim_rate_policy', ['mean', 'rate:mean'])):
        if name not in known:
            gnocchi.archive_policy.create({
                'name': name, 'back_window': 0, 'aggregation_methods': methods,
                'definition': [{'granularity': seconds, 'points': 720} for seconds in (5, 60, 3600)]})
