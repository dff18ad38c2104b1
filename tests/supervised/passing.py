#!/usr/bin/env python3
"""Runs dproxy as a service manager does: with descriptors from number 3 on, and variables that name them.

The descriptors and their names come over the Unix socket PASSED; the program is PROGRAM."""
import fcntl
import os
import socket
import sys

if sys.argv[1] == "master":
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(os.environ["PASSED"])
        names, passed, _, _ = socket.recv_fds(line, 65536, 253)
    # Out of the way first: some of them may have the numbers that others shall get.
    aside = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 512) for fd in passed]
    for number, fd in enumerate(aside, 3):
        os.dup2(fd, number)
    os.closerange(3 + len(aside), 512)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(aside)), LISTEN_FDNAMES=names.decode())
os.execv(os.environ["PROGRAM"], ["dproxy", *sys.argv[1:]])
