"""CloudKitty with its InfluxDB: beside the cloud, and in its catalogue, only while a test wants costs."""
import urllib.error
import urllib.parse
import urllib.request

from . import configuration, mariadb, settings
from .processes import Process
from .services import Service, uwsgi
from .session import connect

_NAME = 'cloudkitty'
_CONFIG = '--config-file=%s' % (settings.ETC / 'cloudkitty.conf')
_influxdb = Process('influxdb')
_cloudkitty = Service(
    _NAME, uwsgi(_NAME, '--wsgi-file', '/usr/bin/cloudkitty-api', '--pyargv', _CONFIG),
    schema=(('cloudkitty-dbsync', _CONFIG, 'upgrade'), ('cloudkitty-storage-init', _CONFIG)))

PROCESSES = (_cloudkitty.process, _influxdb)


def start():
    """Without a processor: what is rated is pushed."""
    configuration.write()
    _influxdb.start(('influxd', '-config', settings.ETC / 'influxdb.toml'), configuration.version('influxdb'))
    _influxdb.wait_until(lambda: _query('SHOW DATABASES'))
    _query('CREATE DATABASE cloudkitty')
    mariadb.create_databases((_NAME,))
    _cloudkitty.make_schema()
    _cloudkitty.start()
    _cloudkitty.wait()
    identity = connect().identity
    service = identity.find_service(_NAME) or identity.create_service(name=_NAME, type='rating')
    if not list(identity.endpoints(service_id=service.id)):
        identity.create_endpoint(service_id=service.id, interface='public', region_id=settings.REGION,
                                 url=settings.url(_NAME))


def stop():
    identity = connect().identity
    service = identity.find_service(_NAME)
    if service:
        identity.delete_service(service)    # and its endpoints
    for process in PROCESSES:
        process.stop()


def _query(text):
    """Whether InfluxDB did it."""
    data = urllib.parse.urlencode({'q': text}).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        return opener.open(settings.url('influxdb', '/query'), data, timeout=5).status == 200
    except OSError as error:
        if isinstance(error, urllib.error.HTTPError):
            raise
        return False
