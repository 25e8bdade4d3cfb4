"""Connections to the cloud, by OpenStack's own client library."""
import requests
from gnocchiclient.v1 import client as gnocchi
from keystoneauth1 import session
from keystoneauth1.identity import v3
from openstack import connection

from . import settings


def connect(user='admin', project='admin', region=settings.REGION):
    """A connection with that account's rights in that project; without a region, for Keystone alone."""
    return connection.Connection(session=_session(user, project), region_name=region)


def connect_gnocchi(user='admin', project='admin'):
    """The same for Gnocchi, which openstacksdk does not know."""
    return gnocchi.Client(_session(user, project), adapter_options={'region_name': settings.REGION})


def _session(user, project):
    transport = requests.Session()
    transport.trust_env = False     # no proxy between us and loopback
    return session.Session(session=transport, auth=v3.Password(
        auth_url=settings.AUTH_URL, username=user, password=settings.PASSWORD, project_name=project,
        user_domain_name='Default', project_domain_name='Default'))
