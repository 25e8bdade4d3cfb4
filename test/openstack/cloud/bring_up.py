"""The order in which the cloud comes up."""
import concurrent.futures
import fcntl
import os
import sys
import time

from . import configuration, contents, identity, mariadb, rabbitmq, settings
from .services import DATABASES, KEYSTONE, OTHERS, OURS
from .session import connect


def main():
    began = time.monotonic()

    def say(text):
        print('%4d s  %s' % (time.monotonic() - began, text), flush=True)

    with _alone(), concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        configuration.write()
        broker = pool.submit(rabbitmq.start)
        mariadb.start()
        mariadb.create_databases(DATABASES)
        say('MariaDB answers')

        if KEYSTONE in OURS:
            _once('token-keys', identity.make_token_keys)
            _once('schema-keystone', KEYSTONE.make_schema)
            KEYSTONE.start()
        schemas = {s: pool.submit(_once, 'schema-' + s.project, s.make_schema) for s in OTHERS if s.schema}
        if KEYSTONE in OURS:
            KEYSTONE.wait()
        _once('identity', identity.fill)
        say('Keystone answers, with accounts and catalogue')

        broker.result()
        for service in OTHERS:
            if service in schemas:
                schemas[service].result()
            service.start()
        for service in OTHERS:
            service.wait()
        say('all APIs answer')

        _once('contents', contents.fill)
        _wait_for_hypervisor()
        _wait_for_backend()
        say('up; the credentials: . %s' % (settings.STATE / 'admin-openrc'))


def _alone():
    """Holds the state folder for us, as a file that unlocks when it is closed."""
    try:
        for folder in (settings.ETC, settings.LOG, settings.RUN, settings.STATE / 'done'):
            folder.mkdir(parents=True, exist_ok=True)
        lock = open(settings.STATE / 'lock', 'w')
    except PermissionError as error:
        sys.exit('%s: be root, or set OPENSTACK_STATE to a folder of your own' % error)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit('another `up` works on %s; wait for it' % settings.STATE)
    return lock


def _once(step, do):
    """Does it unless that was done; forgotten with the state folder."""
    mark = settings.STATE / 'done' / step
    if not mark.exists():
        do()
        mark.touch()


def _wait_for_hypervisor():
    """Until servers can be scheduled: Nova's cell and Placement know the hypervisor, and it was heard of lately."""
    cloud = connect()
    _wait('hypervisor', 'nova.log', lambda: any(h.state == 'up' for h in cloud.compute.hypervisors())
          and list(cloud.placement.resource_providers()))


def _wait_for_backend():
    """Until volumes can be scheduled."""
    cloud = connect()
    _wait('backend of Cinder', 'cinder-*.log', lambda: {'cinder-scheduler', 'cinder-volume'} <= {
        s['binary'] for s in cloud.block_storage.get('/os-services').json()['services'] if s['state'] == 'up'})


def _wait(what, log, is_up):
    end = time.monotonic() + 90
    while not is_up():
        if time.monotonic() > end:
            sys.exit('no %s came up within 90 s; see %s' % (what, settings.LOG / log))
        time.sleep(0.5)
