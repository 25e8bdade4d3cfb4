"""The message broker: a node of our own, with a port mapper (epmd) of its own."""
from . import settings
from .processes import Process

process = Process('rabbitmq')
port_mapper = Process('epmd')


def start():
    home = settings.STATE / 'rabbitmq'
    home.mkdir(exist_ok=True)
    environment = {
        'HOME': str(home),      # where Erlang keeps its cookie
        # Unless told, the port mapper listens on every address.
        'ERL_EPMD_ADDRESS': '127.0.0.1',
        'ERL_EPMD_PORT': str(settings.PORTS['epmd']),
        'RABBITMQ_NODENAME': 'concertim-openstack-test@localhost',
        'RABBITMQ_DIST_PORT': str(settings.PORTS['rabbitmq-distribution']),
        'RABBITMQ_CONFIG_FILE': str(settings.ETC / 'rabbitmq.conf'),
        'RABBITMQ_MNESIA_BASE': str(home),
        'RABBITMQ_LOG_BASE': str(settings.LOG),
        'RABBITMQ_PID_FILE': str(home / 'pid'),
        'RABBITMQ_ENABLED_PLUGINS_FILE': str(home / 'plugins'),
        'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS': '-kernel inet_dist_use_interface {127,0,0,1} +S 1:1',
    }
    port_mapper.start(['epmd'], **environment)
    process.start(['/usr/lib/rabbitmq/bin/rabbitmq-server'], **environment)
    process.wait_until(_answers)


def _answers():
    import amqp     # `down` and `status` work before the packages are there
    try:
        connection = amqp.Connection(
            host='127.0.0.1:%d' % settings.PORTS['rabbitmq'], userid='guest', password='guest')
        connection.connect()
        connection.close()
    except OSError:
        return False
    return True
