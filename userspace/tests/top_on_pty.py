#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""vpnctl top on a terminal of its own, as a job of a shell: top_on_pty.py path/to/vpnctl

Stopped, continued, resized and ended by signals: whenever it is not in front, the terminal is
as it was before. Prints what is wrong.
"""
import array
import fcntl
import os
import re
import select
import signal
import sys
import termios
import time

LIMIT = 20  # seconds
ON = (r'\x1b\[\?1049h', r'\x1b\[\?25l')
OFF = (r'\x1b\[\?25h', r'\x1b\[\?1049l')


def is_writing(pid):
    """Whether it sleeps in a system call about its standard output."""
    with open(f'/proc/{pid}/syscall', encoding='ascii') as call:
        return call.read().split()[1:2] == ['0x1']


def titles(columns):
    """The line above the peers, of such a width."""
    return fr'DEVICE[^\n]{{{columns - 15}}}HANDSHAKE'


class Terminal:
    """A terminal, of whose session this process is the leader."""

    def __init__(self):
        self.master, self.slave = os.openpty()
        os.setsid()
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
        # as shells do: who takes the foreground back is in the background
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        self.resize(80)
        self.before = self.mode()
        self.text = ''

    def resize(self, columns):
        """Give it so many columns."""
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, array.array('H', [24, columns, 0, 0]))

    def mode(self):
        """Echo, lines and so on."""
        return termios.tcgetattr(self.slave)

    def is_raw(self):
        """Whether keys are given at once, and not shown."""
        return not self.mode()[3] & (termios.ECHO | termios.ICANON)

    def put_in_front(self, group):
        """Make a group of processes the one in the foreground."""
        os.tcsetpgrp(self.slave, group)

    def take(self, seconds=0.0):
        """Add what is printed to the text."""
        while select.select([self.master], [], [], seconds)[0]:
            self.text += os.read(self.master, 65536).decode()
            seconds = 0

    def wait_for(self, what, *parts):
        """Until all of these patterns have been printed since the last time, in this order."""
        end = time.monotonic() + LIMIT
        while not re.search('.*?'.join(parts), self.text, re.DOTALL):
            assert time.monotonic() < end, f'{what}: {parts} not in {self.text!r}'
            self.take(0.1)
        self.text = ''


class Job:
    """top as a job of that terminal, in its foreground; its input may be from elsewhere."""

    def __init__(self, term, tool, keys=None):
        self.term = term
        self.pid = os.fork()
        if not self.pid:
            os.setpgid(0, 0)
            term.put_in_front(os.getpid())
            signal.signal(signal.SIGTTOU, signal.SIG_DFL)
            for fd in range(3):
                os.dup2(term.slave, fd)
            if keys is not None:
                os.dup2(keys, 0)
            os.execv(tool, [tool, 'top', '-d', '1000'])
        term.wait_for('the first screen', *ON, titles(80))
        assert term.is_raw() == (keys is None), 'top has not taken the terminal, or too much'

    def wait(self, options=0):
        """Until it ends, or with WUNTRACED is stopped: the status."""
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            self.term.take()
            pid, status = os.waitpid(self.pid, options | os.WNOHANG)
            if pid:
                self.term.take()
                return status
            time.sleep(0.02)
        os.kill(self.pid, signal.SIGKILL)
        raise AssertionError(f'neither stopped nor ended: {self.term.text!r}')

    def expect_stop(self, sig):
        """It stops for that reason."""
        status = self.wait(os.WUNTRACED)
        assert os.WIFSTOPPED(status) and os.WSTOPSIG(status) == sig, f'status {status:#x}'
        self.term.put_in_front(os.getpgrp())

    def go_on(self):
        """As fg does."""
        self.term.put_in_front(self.pid)
        os.kill(self.pid, signal.SIGCONT)

    def expect_end(self, what):
        """It ends well, and the terminal is as it was."""
        status = self.wait()
        assert status == 0, f'{what}: status {status:#x}'
        self.term.wait_for(what, *OFF)
        assert self.term.mode() == self.term.before, f'{what}: the terminal is not as it was'
        self.term.put_in_front(os.getpgrp())


def stop_and_go_on(term, job):
    """Ctrl-Z gives the terminal back, fg takes it again; what changed meanwhile is seen."""
    os.write(term.master, b'\x1a')
    job.expect_stop(signal.SIGTSTP)
    term.wait_for('Ctrl-Z', *OFF)
    assert term.mode() == term.before, 'Ctrl-Z: the terminal is not as it was'
    term.resize(100)
    # bg: it must not come to the front by itself
    os.kill(job.pid, signal.SIGCONT)
    job.expect_stop(signal.SIGTTOU)
    assert not term.text and term.mode() == term.before, f'bg: {term.text!r}'
    job.go_on()
    term.wait_for('fg', *ON, titles(100))
    assert term.is_raw(), 'fg: top has not taken the terminal'


def stop_without_notice(term, job):
    """SIGSTOP tells nobody: a shell makes the terminal its own, and top its own again."""
    os.kill(job.pid, signal.SIGSTOP)
    job.expect_stop(signal.SIGSTOP)
    term.take()
    term.text = ''
    termios.tcsetattr(term.slave, termios.TCSANOW, term.before)
    job.go_on()
    term.wait_for('SIGSTOP, fg', *ON, titles(100))
    assert term.is_raw(), 'SIGSTOP, fg: top has not taken the terminal'


def lose_key(term, job):
    """A key that came with Ctrl-Z and that the shell has taken is not waited for."""
    termios.tcflow(term.slave, termios.TCOOFF)
    term.resize(90)
    end = time.monotonic() + LIMIT
    while not is_writing(job.pid):
        assert time.monotonic() < end, 'top draws nothing'
        time.sleep(0.02)
    os.kill(job.pid, signal.SIGTSTP)
    os.write(term.master, b'x')
    termios.tcflow(term.slave, termios.TCOON)
    job.expect_stop(signal.SIGTSTP)
    termios.tcflush(term.slave, termios.TCIFLUSH)
    term.wait_for('Ctrl-Z and a key', *OFF)
    job.go_on()
    term.wait_for('fg without the key', *ON, titles(90))
    term.resize(80)
    term.wait_for('another size without the key', titles(80))


def stop_without_keys(term, tool):
    """Where input is no terminal, too, it does not come to the front by itself."""
    term.resize(80)
    job = Job(term, tool, os.open('/dev/null', os.O_RDONLY))
    os.kill(job.pid, signal.SIGTSTP)
    job.expect_stop(signal.SIGTSTP)
    term.wait_for('SIGTSTP, no keys', *OFF)
    for _ in range(2):
        os.kill(job.pid, signal.SIGCONT)
        job.expect_stop(signal.SIGTTOU)
        assert not term.text, f'bg, no keys: {term.text!r}'
    job.go_on()
    term.wait_for('fg, no keys', *ON, titles(80))
    os.kill(job.pid, signal.SIGTERM)
    job.expect_end('SIGTERM, no keys')


def run_orphaned(term, tool):
    """In the background of nobody, who could not continue it, it does not wait for that."""
    here, there = os.pipe()
    parent = os.fork()
    if not parent:
        parent = os.getpid()
        pid = os.fork()
        if not pid:
            os.setpgid(0, 0)
            while os.getppid() == parent:
                time.sleep(0.02)
            signal.signal(signal.SIGTTOU, signal.SIG_DFL)
            # is at its end when top has ended
            os.dup2(there, 0)
            os.dup2(term.slave, 1)
            os.execv(tool, [tool, 'top', '-n', '1'])
        os.write(there, pid.to_bytes(4, 'big'))
        os._exit(0)
    os.close(there)
    pid = int.from_bytes(os.read(here, 4), 'big')
    os.waitpid(parent, 0)
    if not select.select([here], [], [], LIMIT)[0]:
        os.kill(pid, signal.SIGKILL)
        raise AssertionError('an orphaned group: it waits for ever')
    term.wait_for('an orphaned group', *ON, titles(80), *OFF)


def resize(term):
    """A screen for the new size comes at once."""
    term.resize(90)
    term.wait_for('another size', titles(90))


def run(tool):
    """All of it."""
    term = Terminal()
    job = Job(term, tool)
    stop_and_go_on(term, job)
    stop_without_notice(term, job)
    resize(term)
    term.resize(80)
    term.wait_for('the first size', titles(80))
    lose_key(term, job)
    os.write(term.master, b'q')
    job.expect_end('q')
    for sig in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        term.resize(80)
        job = Job(term, tool)
        os.kill(job.pid, sig)
        job.expect_end(sig.name)
    stop_without_keys(term, tool)
    run_orphaned(term, tool)


# who leads a group of processes cannot begin a session
CHILD = os.fork()
if CHILD:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(CHILD, 0)[1]))
try:
    run(sys.argv[1])
except AssertionError as error:
    sys.exit(f'{error}')
