#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""vpnctl top into a pipe that nobody reads, as a pager does: top_in_pipe.py path/to/vpnctl

Where it waits for the reader, signals do what they do to any program. Prints what is wrong.
"""
import fcntl
import os
import signal
import sys
import termios
import time

LIMIT = 20  # seconds


def wait_until(what, predicate):
    """Until it is true."""
    end = time.monotonic() + LIMIT
    while not predicate():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def is_writing(pid):
    """Whether it sleeps in a system call about its standard output."""
    with open(f'/proc/{pid}/syscall', encoding='ascii') as call:
        return call.read().split()[1:2] == ['0x1']


class Job:
    """top, and a pipe that is full by the time it has anything more to say."""

    def __init__(self, tool):
        out, self.into = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            # not orphaned: Ctrl-Z would do nothing there
            os.setpgid(0, 0)
            # a shell's background job has been told to ignore this one, and so have its children
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.dup2(self.into, 1)
            os.execv(tool, [tool, 'top', '-d', '0.1'])
        size = bytearray(4)
        # the first screen: it has begun
        wait_until('no screen', lambda: fcntl.ioctl(out, termios.FIONREAD, size) or any(size))
        # of its own, so that top's end does not become one that does not wait
        full = os.open(f'/proc/self/fd/{self.into}', os.O_WRONLY | os.O_NONBLOCK)
        try:
            while True:
                os.write(full, bytes(1))
        except BlockingIOError:
            pass
        wait_until('top does not wait for the reader', lambda: is_writing(self.pid))

    def expect(self, sig, is_so, what):
        """The signal makes the status such a one."""
        os.kill(self.pid, sig)
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WUNTRACED | os.WNOHANG)
            if pid:
                assert is_so(status), f'{sig.name}: status {status:#x}, not {what}'
                return
            time.sleep(0.02)
        os.kill(self.pid, signal.SIGKILL)
        raise AssertionError(f'{sig.name}: not {what}')


def run(tool):
    """All of it."""
    job = Job(tool)
    job.expect(signal.SIGTSTP, os.WIFSTOPPED, 'stopped')
    os.kill(job.pid, signal.SIGCONT)
    wait_until('it does not go on', lambda: is_writing(job.pid))
    job.expect(signal.SIGTERM, os.WIFSIGNALED, 'ended')
    for sig in (signal.SIGINT, signal.SIGHUP):
        Job(tool).expect(sig, os.WIFSIGNALED, 'ended')


try:
    run(sys.argv[1])
except AssertionError as error:
    sys.exit(f'{error}')
