"""Making stacks from the templates in ../stacks, and waiting for them."""
import time

from openstack import exceptions

from . import settings


def make(cloud, name, template, parameters, expected='CREATE_COMPLETE'):
    """Makes it unless there is one of that name, and waits until it has that status.

    One after the other: in the making, Heat asks for each server every second, which costs Nova and Neutron more
    than the making itself when many wait for each other.
    """
    if cloud.orchestration.find_stack(name):
        return
    files, contents = cloud.orchestration.get_template_contents(
        template_file=str(settings.SOURCE / 'stacks' / (template + '.yaml')))
    stack = cloud.orchestration.create_stack(
        name=name, template=contents, files=files, parameters=parameters, is_rollback_disabled=True)
    wait(cloud, stack.id, expected)


def wait(cloud, stack_id, expected, seconds=600):
    """Until that stack has that status; any other end of the same action is an error with Heat's reason."""
    action = expected.partition('_')[0] + '_'
    end = time.monotonic() + seconds
    while True:
        try:
            stack = cloud.orchestration.get_stack(stack_id, resolve_outputs=False)
        except exceptions.ResourceNotFound:     # which is what openstacksdk makes of a deleted one
            if expected == 'DELETE_COMPLETE':
                return
            raise
        if stack.status == expected:
            return
        if stack.status.startswith(action) and stack.status != action + 'IN_PROGRESS':
            raise SystemExit('stack %s: %s instead of %s: %s' % (
                stack.name, stack.status, expected, stack.status_reason))
        if time.monotonic() > end:
            raise SystemExit('stack %s: still %s after %d s' % (stack.name, stack.status, seconds))
        time.sleep(1)


def delete_all(cloud):
    stacks = list(cloud.orchestration.stacks())
    for stack in stacks:
        cloud.orchestration.delete_stack(stack)
    for stack in stacks:
        wait(cloud, stack.id, 'DELETE_COMPLETE')
