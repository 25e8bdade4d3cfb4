"""The database server: our own, on a socket in the state folder, reachable by nothing else."""
import os

from . import settings
from .processes import Process, run

process = Process('mariadb')
_DATA = settings.STATE / 'mariadb' / 'data'


def start():
    _DATA.parent.mkdir(exist_ok=True)
    if not (_DATA / 'mysql').exists():
        run('mariadb-install', 'mariadb-install-db', '--no-defaults', '--datadir=%s' % _DATA,
            '--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve',
            *_as_whom())
    process.start([
        'mariadbd', '--no-defaults', '--datadir=%s' % _DATA, '--socket=%s' % settings.MARIADB_SOCKET,
        '--pid-file=%s' % (_DATA.parent / 'pid'), '--skip-networking', '--max-connections=500',
        '--character-set-server=utf8mb3', '--collation-server=utf8mb3_general_ci',
        # A test can lose its data with the machine: nothing waits for the disk.
        '--innodb-flush-method=nosync', '--innodb-flush-log-at-trx-commit=0', '--innodb-doublewrite=0',
        '--innodb-buffer-pool-size=256M', '--skip-log-bin', *_as_whom()])
    process.wait_until(_answers)


def create_databases(names):
    with _connect() as connection, connection.cursor() as cursor:
        for name in names:
            cursor.execute('CREATE DATABASE IF NOT EXISTS %s CHARACTER SET utf8mb3' % name)


def url(database):
    return 'mysql+pymysql://root@localhost/%s?unix_socket=%s&charset=utf8' % (
        database, settings.MARIADB_SOCKET)


def _connect():
    import pymysql    # `down` and `status` work before the packages are there
    return pymysql.connect(unix_socket=str(settings.MARIADB_SOCKET), user='root')


def _answers():
    import pymysql
    try:
        _connect().close()
    except pymysql.OperationalError:
        return False
    return True


def _as_whom():
    # As root it wants to be told that this is meant.
    return ['--user=root'] if os.geteuid() == 0 else []
