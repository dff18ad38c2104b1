#!/usr/bin/env python3
"""How dproxy's cost grows: CPU per request and memory from 10 to 100,000 routes and from 10 to 10,000 connections.

    cargo build --release && scripts/bench/growth.py

The load generator and backend `bt` are compiled from the benchmark kit's `bt.c` (DPROXY_BENCH_KIT, else
../shared/bench beside the project). One worker; it has the second CPU, load and backend have the first. CPU time is that
of the worker's threads (/proc/PID/task/*/schedstat) divided by the requests done, memory is its PSS. Loopback only.
"""
import argparse, glob, json, os, socket, subprocess, sys, tempfile, time, urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KIT = os.environ.get('DPROXY_BENCH_KIT', os.path.join(os.path.dirname(ROOT), 'shared', 'bench'))


def worker_of(master):
    for path in glob.glob('/proc/[0-9]*/status'):
        try:
            text = open(path).read()
        except OSError:
            continue
        if f'\nPPid:\t{master}\n' in text:
            return int(path.split('/')[2])
    return None


def cpu_ns(pid):
    total = 0
    for path in glob.glob(f'/proc/{pid}/task/*/schedstat'):
        try:
            total += int(open(path).read().split()[0])
        except OSError:
            pass
    return total


def pss_mib(pid):
    for line in open(f'/proc/{pid}/smaps_rollup'):
        if line.startswith('Pss:'):
            return int(line.split()[1]) / 1024
    return float('nan')


class Dproxy:
    def __init__(self, program, work, routes, ports, more=''):
        self.http, admin, backend = ports
        config = os.path.join(work, 'dproxy.yml')
        with open(config, 'w') as f:
            f.write(f'port: {self.http}\nhostname: 127.0.0.1\nworkers: 1\npid_path: {work}/pid\napi: {{port: {admin}}}\n')
            f.write(f'directories: {{run: {work}/run, state: {work}/state, log: {work}/log}}\n')
            f.write(f'docker: {{endpoint: {work}/no-engine.sock}}\nlog_level: warn\n{more}routes:\n')
            f.write(f'  - {{host: bench.local, backends: ["127.0.0.1:{backend}"]}}\n')
            for i in range(routes):
                f.write(f'  - {{host: h{i}.bench.local, backends: ["127.0.0.1:{backend}"]}}\n')
        environment = {k: v for k, v in os.environ.items() if not k.startswith(('DOCKER', 'PORT', 'HOST'))}
        started = time.time()
        self.process = subprocess.Popen(['taskset', '-c', '1', program, 'master', '--config', config], env=environment)
        while True:
            try:
                urllib.request.urlopen(urllib.request.Request(f'http://127.0.0.1:{self.http}/s', headers={'Host': 'bench.local'}), timeout=1).read()
                break
            except OSError:
                if self.process.poll() is not None or time.time() - started > 60:
                    raise SystemExit('dproxy did not come up')
                time.sleep(0.02)
        self.ready = time.time() - started
        self.worker = worker_of(self.process.pid)

    def measure(self, bt, connections, hosts, seconds):
        command = ['taskset', '-c', '0', bt, 'load', str(self.http), '-c', str(connections), '-d', str(seconds), '-p', '/s', '-m', str(hosts)]
        before = cpu_ns(self.worker)
        out = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        spent = cpu_ns(self.worker) - before
        if out['errors'] or out['non200']:
            print(f'! {out["errors"]} errors, {out["non200"]} other answers', file=sys.stderr)
        return spent / 1000 / max(1, out['done'])

    def stop(self):
        self.process.terminate()
        self.process.wait(40)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', default=os.path.join(ROOT, 'target', 'release', 'dproxy'))
    parser.add_argument('--seconds', type=float, default=2)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--port-base', type=int, default=23400)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='growth-') as work:
        bt = os.path.join(work, 'bt')
        subprocess.run(['cc', '-O2', '-w', '-o', bt, os.path.join(KIT, 'bt.c')], check=True)
        ports = (options.port_base, options.port_base + 1, options.port_base + 2)
        backend = subprocess.Popen(['taskset', '-c', '0', bt, 'backend', str(ports[2])])
        try:
            table(options, bt, work, ports)
        finally:
            backend.kill()


def table(options, bt, work, ports):
    print('| routes | ready after s | worker MiB | master MiB | CPU µs a request, 64 connections |\n|---|---|---|---|---|')
    for routes in (10, 100, 1_000, 10_000, 100_000):
        dproxy = Dproxy(options.program, work, routes, ports)
        figures = sorted(dproxy.measure(bt, 64, routes, options.seconds) for _ in range(options.rounds))
        row = (dproxy.ready, pss_mib(dproxy.worker), pss_mib(dproxy.process.pid), figures[len(figures) // 2])
        print(f'| {routes:,} | {row[0]:.2f} | {row[1]:.1f} | {row[2]:.1f} | {row[3]:.1f} |', flush=True)
        dproxy.stop()
    print('\n| connections | worker MiB under load | CPU µs a request, 1,000 routes |\n|---|---|---|')
    for connections in (10, 100, 1_000, 10_000):
        dproxy = Dproxy(options.program, work, 1_000, ports)
        figures = sorted(dproxy.measure(bt, connections, 1_000, options.seconds) for _ in range(options.rounds))
        print(f'| {connections:,} | {pss_mib(dproxy.worker):.1f} | {figures[len(figures) // 2]:.1f} |', flush=True)
        dproxy.stop()


if __name__ == '__main__':
    main()
