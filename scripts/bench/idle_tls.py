#!/usr/bin/env python3
"""What an idle TLS connection costs: memory of dproxy, nginx and haproxy, per connection that has had one answer.

    cargo build --release && scripts/bench/idle_tls.py [--connections 2000] [--http2]

Each has one worker, the same certificate and the same answers. The clients speak TLS 1.3 and HTTP/1.1 or HTTP/2, ask once and then
wait. Memory is the PSS of the program's processes before the first connection and with all of them, so what the kernel
keeps for a socket does not count. Who is not installed is left out.
"""
import argparse, asyncio, glob, http.server, os, resource, shutil, socket, ssl, subprocess, sys, tempfile, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', '2')
        self.end_headers()
        self.wfile.write(b'ok')

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as found:
        found.bind(('127.0.0.1', 0))
        return found.getsockname()[1]


def family(pid):
    """A process and all that it started."""
    pids, found = [pid], []
    while pids:
        pid = pids.pop()
        found.append(pid)
        for path in glob.glob(f'/proc/{pid}/task/*/children'):
            try:
                pids += [int(child) for child in open(path).read().split()]
            except OSError:
                pass
    return found


def pss_kib(pid):
    total = 0
    for member in family(pid):
        try:
            total += sum(int(line.split()[1]) for line in open(f'/proc/{member}/smaps_rollup') if line.startswith('Pss:'))
        except OSError:
            pass
    return total


def dproxy(work, program, port, backend):
    with open(f'{work}/dproxy.yml', 'w') as file:
        file.write(f'port: {free_port()}\nhostname: 127.0.0.1\nworkers: 1\napi: {{port: {free_port()}}}\nlog_level: warn\n')
        file.write(f'directories: {{run: {work}/run, state: {work}/state, log: {work}/log}}\npid_path: {work}/pid\n')
        file.write(f'docker: {{endpoint: unix://{work}/no-engine.sock}}\ntimeouts: {{keep_alive: 10min}}\n')
        file.write(f'ssl: {{path: {work}/certs, port: {port}}}\nroutes:\n  - {{host: bench.local, backends: "127.0.0.1:{backend}"}}\n')
    environment = {key: value for key, value in os.environ.items() if not key.startswith(('DOCKER', 'PORT', 'HOST'))}
    return subprocess.Popen([program, 'master', '--config', f'{work}/dproxy.yml'], env=environment)


def nginx(work, program, port, backend):
    with open(f'{work}/nginx.conf', 'w') as file:
        file.write(f'daemon off; worker_processes 1; pid {work}/nginx.pid; error_log {work}/nginx.log;\n')
        file.write('events { worker_connections 65000; }\nhttp { access_log off; keepalive_timeout 600s;\n')
        file.write(f'server {{ listen 127.0.0.1:{port} ssl http2; ssl_certificate {work}/certs/bench.local.crt; ')
        file.write(f'ssl_certificate_key {work}/certs/bench.local.key; ssl_session_cache shared:x:10m;\n')
        file.write(f'location / {{ proxy_pass http://127.0.0.1:{backend}; proxy_http_version 1.1; }} }} }}\n')
    return subprocess.Popen([program, '-c', f'{work}/nginx.conf', '-p', work])


def haproxy(work, program, port, backend):
    with open(f'{work}/both.pem', 'w') as file:
        file.write(open(f'{work}/certs/bench.local.crt').read() + open(f'{work}/certs/bench.local.key').read())
    with open(f'{work}/haproxy.cfg', 'w') as file:
        file.write('global\n maxconn 9000\n nbthread 1\ndefaults\n mode http\n timeout connect 5s\n timeout client 600s\n')
        file.write(' timeout server 600s\n timeout http-keep-alive 600s\n')
        file.write(f'frontend f\n bind 127.0.0.1:{port} ssl crt {work}/both.pem alpn h2,http/1.1\n default_backend b\nbackend b\n server s 127.0.0.1:{backend}\n')
    return subprocess.Popen([program, '-f', f'{work}/haproxy.cfg'])


async def connect(port, context, gate):
    async with gate:
        reader, writer = await asyncio.open_connection('127.0.0.1', port, ssl=context, server_hostname='bench.local')
        over_http2 = writer.get_extra_info('ssl_object').selected_alpn_protocol() == 'h2'
        await (ask_http2 if over_http2 else ask_http1)(reader, writer)
        return writer


async def ask_http1(reader, writer):
    writer.write(b'GET / HTTP/1.1\r\nHost: bench.local\r\n\r\n')
    head = await reader.readuntil(b'\r\n\r\n')
    if not head.startswith(b'HTTP/1.1 200'):
        raise SystemExit(head.decode('latin-1'))
    await reader.readexactly(2)


async def ask_http2(reader, writer):
    """Frame by frame: the fields are GET, https, / and bench.local, and the answer must begin with `:status: 200` (RFC 7541)."""
    settings, acknowledged = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]), bytes([0, 0, 0, 4, 1, 0, 0, 0, 0])
    writer.write(b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + settings + bytes([0, 0, 16, 1, 5, 0, 0, 0, 1]) + b'\x82\x87\x84\x41\x0bbench.local')
    kind, flags = None, 0
    while kind not in (0, 1) or not flags & 1:
        *length, kind, flags = (await reader.readexactly(9))[:5]
        payload = await reader.readexactly(int.from_bytes(length, 'big'))
        if kind in (3, 7) or kind == 1 and b'\x88' not in payload[:3]:
            raise SystemExit(f'frame of kind {kind}: {payload}')
        if kind == 4 and not flags & 1:
            writer.write(acknowledged)


async def measure(process, port, context, count):
    gate = asyncio.Semaphore(32)
    deadline = time.time() + 30
    while True:
        try:
            (await connect(port, context, gate)).close()
            break
        except OSError:
            if time.time() > deadline or process.poll() is not None:
                raise SystemExit('it did not come up')
            await asyncio.sleep(0.05)
    before = pss_kib(process.pid)
    clients = await asyncio.gather(*[connect(port, context, gate) for _ in range(count)])
    # What is only kept for a burst is given back within seconds.
    await asyncio.sleep(5)
    after = pss_kib(process.pid)
    for client in clients:
        client.transport.abort()
    return (after - before) * 1024 / count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', default=os.path.join(ROOT, 'target', 'release', 'dproxy'))
    parser.add_argument('--connections', type=int, default=2000)
    parser.add_argument('--http2', action='store_true')
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Answer)
    # Who is done with it may just leave.
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    backend = server.server_address[1]
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(['h2' if options.http2 else 'http/1.1'])
    programs = [('dproxy', dproxy, options.program), ('nginx', nginx, shutil.which('nginx')), ('haproxy', haproxy, shutil.which('haproxy'))]
    for name, start, program in programs:
        if not program or not os.path.exists(program):
            print(f'{name:8} not there', file=sys.stderr)
            continue
        with tempfile.TemporaryDirectory(prefix='idle-tls-') as work:
            os.chmod(work, 0o755)
            for folder in ('certs', 'run', 'state', 'log', 'logs'):
                os.mkdir(f'{work}/{folder}')
            certificate = ['-keyout', f'{work}/certs/bench.local.key', '-out', f'{work}/certs/bench.local.crt']
            subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '9', '-subj',
                            '/CN=bench.local', '-addext', 'subjectAltName=DNS:bench.local'] + certificate, check=True, stderr=subprocess.DEVNULL)
            port = free_port()
            process = start(work, program, port, backend)
            try:
                cost = asyncio.run(measure(process, port, context, options.connections))
                print(f'{name:8} {cost / 1024:7.1f} KiB for each of {options.connections} idle TLS connections')
            finally:
                process.terminate()
                process.wait(40)


main()
