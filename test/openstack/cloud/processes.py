"""Processes that outlive `up`, known by their pid files."""
import os
import signal
import subprocess
import sys
import time

from . import settings


class Process:
    """One daemon of the cloud: a session of its own, its output in the log folder."""

    def __init__(self, name):
        self.name = name
        self.log = settings.LOG / (name + '.log')
        self._pid_file = settings.RUN / (name + '.pid')

    @property
    def pid(self):
        """None when it does not run. A pid that another process has by now is not taken for it."""
        try:
            pid, since, _ = self._pid_file.read_text().split()
        except (FileNotFoundError, ValueError):
            return None
        return int(pid) if _started_at(pid) == since else None

    def start(self, command, version='-', **environment):
        """Does nothing when it runs already; when it runs in another `version`, it is restarted."""
        if self.pid:
            if self._pid_file.read_text().split()[2] == version:
                return
            print('%s: its configuration changed, restarting' % self.name, flush=True)
            self.stop()
        with open(self.log, 'ab') as log:
            child = subprocess.Popen(
                [str(word) for word in command], env=settings.environment(**environment),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd='/', start_new_session=True)
        self._pid_file.write_text('%d %s %s\n' % (child.pid, _started_at(child.pid), version))

    def wait_until(self, ready, seconds=120):
        """Until `ready()`; dies with the end of the log when the process did, or when time is over."""
        end = time.monotonic() + seconds
        while not ready():
            if not self.pid:
                self._die('has ended')
            if time.monotonic() > end:
                self._die('is not ready after %d s' % seconds)
            time.sleep(0.2)

    def stop(self, seconds=5):
        """Asks it to end; what is left of its session after that time is killed."""
        pid = self.pid
        if pid:
            _signal(os.kill, pid, signal.SIGTERM)
            end = time.monotonic() + seconds
            while self.pid and time.monotonic() < end:
                _reap(pid)
                time.sleep(0.05)
            # Its port is free only when its last thread is gone. (In a container without an init it stays a zombie.)
            end = time.monotonic() + 5
            while _signal(os.killpg, pid, signal.SIGKILL) and time.monotonic() < end:
                _reap(pid)
                time.sleep(0.05)
        self._pid_file.unlink(missing_ok=True)

    def _die(self, problem):
        tail = self.log.read_text(errors='replace').splitlines()[-25:]
        sys.exit('%s\n%s %s; its log is %s' % ('\n'.join(tail), self.name, problem, self.log))


def run(name, *command, **environment):
    """Runs a command to its end, its output in the log folder; dies with the end of that if it fails."""
    log = settings.LOG / (name + '.log')
    with open(log, 'ab') as out:
        done = subprocess.run([str(word) for word in command], env=settings.environment(**environment),
                              stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd='/')
    if done.returncode:
        tail = log.read_text(errors='replace').splitlines()[-25:]
        raise SystemExit('%s\n`%s` failed; its log is %s' % (
            '\n'.join(tail), ' '.join(map(str, command)), log))


def _started_at(pid):
    """When that process began, in the kernel's ticks; None when there is none (or it is a zombie)."""
    try:
        with open('/proc/%s/stat' % pid) as f:
            fields = f.read().rpartition(')')[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == 'Z' else fields[19]


def _signal(send, pid, number):
    """Whether there was anybody to get it."""
    try:
        send(pid, number)
    except ProcessLookupError:
        return False
    return True


def _reap(pid):
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass    # started by an earlier `up`
