"""Stacks and servers of which each is hard to show in its own way; one account has them all."""
from . import stacks

# name, vCPUs, MiB, GiB
_FLAVORS = {
    'awkward.diskless': {'vcpus': 1, 'ram': 256, 'disk': 0},
    'awkward.private': {'vcpus': 3, 'ram': 512, 'disk': 1, 'is_public': False},
    'awkward.huge': {'vcpus': 100_000, 'ram': 512, 'disk': 1},
}

# name: template, parameters, the status that it ends in
_STACKS = {
    'web.tier.v1': ('names', {}, 'CREATE_COMPLETE'),
    'nested': ('nested', {}, 'CREATE_COMPLETE'),
    'states': ('states', {}, 'CREATE_COMPLETE'),
    'too-big': ('too-big', {}, 'CREATE_FAILED'),
    'group': ('group', {}, 'CREATE_COMPLETE'),
    'asleep': ('node', {'name': 'asleep', 'network': 'private'}, 'CREATE_COMPLETE'),
    'empty': ('empty', {}, 'CREATE_COMPLETE'),
}


def make_flavors(admin, project_id):
    for name, properties in _FLAVORS.items():
        flavor = admin.compute.find_flavor(name) or admin.compute.create_flavor(name=name, **properties)
        if not properties.get('is_public', True):
            allowed = {access['tenant_id'] for access in admin.compute.get_flavor_access(flavor)}
            if project_id not in allowed:
                admin.compute.flavor_add_tenant_access(flavor, project_id)


def delete_flavors(admin):
    for name in _FLAVORS:
        admin.compute.delete_flavor(admin.compute.find_flavor(name) or name)


def fill(cloud, admin):
    """As the account's user; what that one may not, as an administrator in its project."""
    for name, (template, parameters, status) in _STACKS.items():
        stacks.make(cloud, name, template, parameters, status)
    _change_states(cloud)
    _suspend(cloud, 'asleep')
    _boot(cloud, 'by hand (1)', 'private', group=_group(cloud))
    _boot(admin, 'on the provider network', 'public', group=_group(cloud))
    _boot(cloud, 'loose', 'private')


def _change_states(cloud):
    compute = cloud.compute
    server = {server.name: server for server in compute.servers()}
    for name, change, status in (('stopped', compute.stop_server, 'SHUTOFF'),
                                 ('suspended', compute.suspend_server, 'SUSPENDED'),
                                 ('paused', compute.pause_server, 'PAUSED')):
        if server[name].status != status:
            change(server[name])
            compute.wait_for_server(server[name], status=status)


def _suspend(cloud, name):
    stack = cloud.orchestration.find_stack(name)
    if stack.status != 'SUSPEND_COMPLETE':
        cloud.orchestration.post('/stacks/%s/%s/actions' % (stack.name, stack.id), json={'suspend': None})
        stacks.wait(cloud, stack.id, 'SUSPEND_COMPLETE')


def _group(cloud):
    """The server group of the stack `group`."""
    return next(cloud.compute.server_groups()).id


def _boot(cloud, name, network, **hints):
    if cloud.compute.find_server(name):
        return
    server = cloud.compute.create_server(
        name=name, image_id=cloud.image.find_image('test-image').id, flavor_id=cloud.compute.find_flavor('m1.tiny').id,
        networks=[{'uuid': cloud.network.find_network(network).id}],
        **({'scheduler_hints': hints} if hints else {}))
    cloud.compute.wait_for_server(server)
