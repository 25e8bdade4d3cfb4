"""The accounts of portal users, as the service makes them when Concertim asks for one."""
import re

from . import settings

_DESCRIPTION = 'Concertim Managed Project'


def project_of(name):
    return 'CM_%s_proj' % name


def user_of(name):
    return 'CM_' + name


def make(cloud, name):
    """User and project of that name, with who may do what in it; looks before it makes."""
    identity = cloud.identity
    role = {role.name: role for role in identity.roles()}
    project = identity.find_project(project_of(name)) or identity.create_project(
        name=project_of(name), domain_id='default', description=_DESCRIPTION)
    user = identity.find_user(user_of(name)) or identity.create_user(
        name=user_of(name), domain_id='default', password=settings.PASSWORD, default_project_id=project.id,
        description=_DESCRIPTION)
    for account, roles in ((user, ('member',)),
                           (identity.find_user('concertim'), ('member', 'watcher')),
                           (identity.find_user('admin'), ('admin',)),
                           (identity.find_user('cloudkitty'), ('rating',))):
        for name_of_role in roles:
            identity.assign_project_role_to_user(project, account, role[name_of_role])
    return user, project


def names(cloud, pattern):
    """Of the accounts whose whole names match that regular expression."""
    matches = (re.fullmatch(project_of('(%s)' % pattern), project.name) for project in cloud.identity.projects())
    return [match[1] for match in matches if match]


def delete(cloud, name):
    for user in cloud.identity.users(name=user_of(name)):
        cloud.identity.delete_user(user)
    for project in cloud.identity.projects(name=project_of(name)):
        cloud.identity.delete_project(project)
