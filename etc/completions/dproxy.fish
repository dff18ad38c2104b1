# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_dproxy_global_optspecs
    string join \n h/help V/version
end

function __fish_dproxy_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_dproxy_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_dproxy_using_subcommand
    set -l cmd (__fish_dproxy_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c dproxy -n "__fish_dproxy_needs_command" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_needs_command" -s V -l version -d 'Print version'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "master" -d 'Runs the proxy in the foreground'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "worker" -d 'Serves requests for a master, which starts it'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "doctor" -d 'Says what a worker could do to this machine if somebody took it over'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "ctl" -d 'Asks a running proxy'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "completions" -d 'Prints what completes these words in a shell'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "manual" -d 'Writes the manual pages into a directory'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "config" -d 'Prints what can be configured'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "status" -d 'The whole at a glance'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "list" -d 'Every worker'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "workers" -d 'Every worker'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "ls" -d 'Every worker'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "describe" -d 'Everything about one worker'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "health" -d 'Whether anybody serves: exit code 0 if so, as a container\'s health check wants it'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "top" -d 'Everything, live; `q` ends it'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "resize" -d 'Changes the number of workers'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "scale" -d 'Changes the number of workers'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "start" -d 'Starts the workers again, as many as there were'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "stop" -d 'Finishes what is under way and frees the ports; the master stays'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "drain" -d 'Finishes what is under way and frees the ports; the master stays'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "restart" -d 'Replaces every worker, one by one'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "reload" -d 'Reads the configuration again'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "upgrade" -d 'Runs the program that was installed since, in the same process, without losing a request'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "reset" -d 'Counts restarts from zero, and tries at once the workers that do not come up'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "logs" -d 'The last lines of the master\'s log'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "routes" -d 'Every route'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "route" -d 'Adds and removes routes by hand'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "containers" -d 'Every container'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "images" -d 'Every image that containers are of'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "backends" -d 'Every backend'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "certs" -d 'Every certificate, and until when it is valid'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "certificates" -d 'Every certificate, and until when it is valid'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "problems" -d 'Everything that should be mended'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "explain" -d 'What becomes of a request, and why'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "why" -d 'Why a container is, or is not, routed'
complete -c dproxy -n "__fish_dproxy_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l config -d 'The configuration file; a directory means `docker-proxy.yaml` in it. A file named here must exist. [env: DOCKER_PROXY_CONFIG_PATH, DOCKER_PROXY_CONFIG_FILE_PATH] [default: `/etc/docker-proxy/docker-proxy.yaml`, else `/etc/dproxy.yml`, else none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l port -d 'The public port. When it is set and cannot be bound, the start fails. [env: DOCKER_PROXY_PORT, PORT] [default: 80, or 8080 with a warning where 80 cannot be bound]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l hostname -d 'The addresses of this machine that the public port is bound at: IP addresses, `localhost` for 127.0.0.1, or `*` for all. `HOST` counts only when it is an IP address. [env: DOCKER_PROXY_HOSTNAME, DOCKER_PROXY_ADDRESS, HOST] [default: 0.0.0.0, ::]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l workers -d 'How many worker processes serve requests, 1 to 1024. [env: DOCKER_PROXY_WORKER_LIMIT] [default: the number of CPUs this process may use]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l worker-silent -d 'Keeps what the workers write out of the master\'s log. [env: DOCKER_PROXY_WORKER_SILENT] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l max-memory -d 'A worker that has grown beyond this much memory is replaced without losing a request, one worker at a time: a size like `256MiB`. [env: DOCKER_PROXY_MAX_MEMORY] [default: no limit]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l worker-user -d 'The user that workers run as when root starts dproxy: a name, or numbers like `1000:1000`. Without root it does nothing. [env: DOCKER_PROXY_WORKER_USER] [default: `dproxy` if there is such a user, else `nobody`]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l sandbox -d 'Landlock and seccomp take from workers what they never need: files, other programs, listening. `dproxy doctor` says what holds here. [env: DOCKER_PROXY_SANDBOX] [default: true]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l server-name -d 'The name of this proxy, sent to backends as `x-forwarded-server`. [env: DOCKER_PROXY_SERVER_NAME] [default: the machine\'s host name]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l trusted -d 'Networks (`10.0.0.0/8`) or addresses of proxies in front of this one, whose `x-forwarded-*` headers are believed. Everybody else\'s are replaced. [env: DOCKER_PROXY_TRUSTED]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l proxy-protocol -d 'Networks (`10.0.0.0/8`) or addresses of proxies in front of this one whose connections all begin with the PROXY protocol, version 1 or 2. It tells who the client is; a connection of theirs without it is closed. Everybody else\'s is no announcement. [env: DOCKER_PROXY_PROXY_PROTOCOL]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l www-fallback -d 'A name that begins with `www.` and that nothing else serves is served as the name behind it. [env: DOCKER_PROXY_WWW_FALLBACK] [default: true]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l log-level -d 'How much is logged: `error`, `warn`, `info`, `debug` or `trace`. [env: DOCKER_PROXY_LOG_LEVEL] [default: info]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l access-log -d 'The file that gets a line for each request, or `stdout`. A file is opened again on `USR1`. [env: DOCKER_PROXY_ACCESS_LOG]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l access-log-format -d 'What a line of the access log looks like: `combined` as Apache writes it, `full` for that with host and milliseconds behind it, `hipache` for that with host and the seconds of request and backend, or `json`. Where `tracing` creates them, request id and trace id end each line. [env: DOCKER_PROXY_ACCESS_LOG_FORMAT] [default: full]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l access-log-fields -d 'What each line of `json` tells; all where none is named: `time`, `client`, `forwarded_for`, `method`, `scheme`, `host`, `target`, `protocol`, `referer`, `user_agent`, `request_id`, `trace_id`, `span_id`, `status`, `bytes`, `duration_ms`, `backend`, `backend_ms`. [env: DOCKER_PROXY_ACCESS_LOG_FIELDS]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l access-log-sample -d 'How many requests get a line: `on` for all, a share like `0.1` or `10%` by chance, or `off` for none. With a share, even `0`, whatever is answered with a status of 500 or more gets one always. A container says otherwise by label `dproxy.access_log`, a route of this file by `access_log`. [env: DOCKER_PROXY_ACCESS_LOG_SAMPLE] [default: on]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l access-log-max-size -d 'When the file of the access log has so many bytes, it is renamed, `.1` behind its name, and another one begun; `0` is never. [env: DOCKER_PROXY_ACCESS_LOG_MAX_SIZE] [default: 100MiB]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l access-log-max-age -d 'When the file of the access log is so old (`1d`, `12h`), another one is begun; nothing is never. [env: DOCKER_PROXY_ACCESS_LOG_MAX_AGE]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l access-log-keep -d 'So many old files of the access log stay, the newest as `.1`. [env: DOCKER_PROXY_ACCESS_LOG_KEEP] [default: 10]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l tracing-request-id -d 'What becomes of `x-request-id`: `pass` is nothing; with `create` a request that brings none gets one, or one that brings several or anything but 1 to 128 visible characters without `"`, `\\` and `,`. Lines of the access log tell it then. [env: DOCKER_PROXY_TRACING_REQUEST_ID] [default: pass]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l tracing-context -d 'What becomes of `traceparent` and `tracestate` (W3C Trace Context): `pass` is nothing; with `create` a request without a valid `traceparent` begins a trace, which is to be sampled; with `join` dproxy besides is a place of its own in each trace: backends are told a parent id that the access log tells, too. [env: DOCKER_PROXY_TRACING_CONTEXT] [default: pass]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l tracing-answer -d 'Answers tell clients the number of their request as `x-request-id`, notice pages too; what a backend itself says under that name stays. [env: DOCKER_PROXY_TRACING_ANSWER] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l pages -d 'A directory with notice pages of your own, `error_503.html` or for any other status, and `error_default.html`. What stands in double braces is filled in: `host`, `status`, `title`, `message`, `reason`, `container`, `refresh`. Read again on `HUP`. [env: DOCKER_PROXY_PAGES]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l pages-container-names -d 'Notice pages may tell the name of the container. [env: DOCKER_PROXY_PAGES_CONTAINER_NAMES] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l pid-path -d 'The PID file of the master. It is locked: a second master that names the same one refuses to start. [env: DOCKER_PROXY_PID_PATH] [default: `docker-proxy.pid` in `directories.run`]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l log-directory -d 'Where logs go. [env: DOCKER_PROXY_LOG_DIRECTORY] [default: `/var/log/docker-proxy`; without root `docker-proxy/log` in `$XDG_STATE_HOME`]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l state-directory -d 'Where the things are that survive a restart. [env: DOCKER_PROXY_STATE_DIRECTORY] [default: `/var/lib/docker-proxy`; without root `docker-proxy` in `$XDG_STATE_HOME`]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l run-directory -d 'Where the PID file and the control socket are. [env: DOCKER_PROXY_RUN_DIRECTORY] [default: `/var/run/docker-proxy`; without root `docker-proxy` in `$XDG_RUNTIME_DIR`, else `/tmp/dproxy-<uid>`]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l store -d 'Who keeps what survives a restart: `file` is a file in `directories.state`, `memory` is nobody, and a URL like `redis://:password@host:6379/0`, `rediss://host:6380/0` (over TLS) or `redis+unix:///path` is a Redis server, of which this dproxy has a database for itself. [env: DOCKER_PROXY_STORE] [default: file]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l store-root -d 'The only authorities, as PEM, that may vouch for a Redis server at `rediss://`: for a private one. [env: DOCKER_PROXY_STORE_ROOT] [default: the authorities that this machine believes]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l api-address -d 'The address of the control API. At another one than loopback, callers must show the token of `api.token_file`. [env: DOCKER_PROXY_API_ADDRESS] [default: 127.0.0.1]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l api-port -d 'The port of the control API. [env: DOCKER_PROXY_API_PORT] [default: 16000]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l api-socket -d 'The Unix socket of the control API, which `dproxy ctl` uses. [env: DOCKER_PROXY_API_SOCKET] [default: `docker-proxy.sock` in `directories.run`]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l api-peers -d 'Users, and groups as `@GROUP`, who may ask at the Unix socket besides root and the user and group that dproxy runs as: names or numbers. Others are refused with 403, or by the mode of the socket where nobody is named here. [env: DOCKER_PROXY_API_PEERS]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l api-token-file -d 'The file with the token that callers of the API\'s port show as `Authorization: Bearer …`. It must be for its owner alone (mode 0600), and is made when it is missing. The Unix socket needs none. [env: DOCKER_PROXY_API_TOKEN_FILE] [default: `api-token` in `directories.state` where `api.address` is no loopback address, else none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l docker-endpoint -d 'Where the Docker engine is: `unix:///path`, a bare path, `tcp://host:port`, `http://host:port`, `https://host:port` or `host:port`. [env: DOCKER_HOST, DOCKER_SOCK_PATH, DOCKER_SOCKET_PATH] [default: unix:///var/run/docker.sock]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l docker-tls-verify -d 'Speaks TLS with a TCP endpoint and checks its certificate. As Docker reads it, `DOCKER_TLS_VERIFY` with any text means `true`. [env: DOCKER_TLS_VERIFY] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l docker-cert-path -d 'The directory with `ca.pem`, `cert.pem` and `key.pem` for a TLS endpoint. [env: DOCKER_CERT_PATH] [default: `~/.docker`]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l docker-address -d 'The address at which published ports are reachable, for an engine on another machine or a proxy inside a container. [env: DOCKER_PROXY_DOCKER_ADDRESS] [default: loopback]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l docker-container-addresses -d 'Containers are dialled at their own addresses. Say `true` where the networks of an engine on another machine are routed here, `false` for a Unix socket that leads to another machine. [env: DOCKER_PROXY_DOCKER_CONTAINER_ADDRESSES] [default: `true` for an engine on this machine, `false` for one behind TCP]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l docker-internal-names -d 'Every container also answers to `<container name>.internal`. [env: DOCKER_PROXY_DOCKER_INTERNAL_NAMES] [default: true]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l docker-unpublished -d 'Containers without a published port are reached at their own address and exposed or labelled port. [env: DOCKER_PROXY_DOCKER_UNPUBLISHED] [default: true]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l docker-dialects -d 'The other proxies whose labels and environment are understood on containers without label `dproxy.host`; the first that applies counts, `none` is none. [env: DOCKER_PROXY_DOCKER_DIALECTS] [default: traefik, caddy, nginx-proxy]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l timeout-request-head -d 'From the first byte of a request\'s head to its last. [env: DOCKER_PROXY_TIMEOUT_REQUEST_HEAD] [default: 10s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l timeout-handshake -d 'From the first byte of a TLS handshake to its end. [env: DOCKER_PROXY_TIMEOUT_HANDSHAKE] [default: 10s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l timeout-queue -d 'How long a request waits when all its backends have as many requests as they take; then it is answered with 503. [env: DOCKER_PROXY_TIMEOUT_QUEUE] [default: 10s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l timeout-hold -d 'How long requests wait for a container that was restarted, recreated or paused and for one that is starting, where no other serves the host; then they are answered with 503. A host that has been offline for longer is answered at once. [env: DOCKER_PROXY_TIMEOUT_HOLD] [default: 10s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l timeout-connect -d 'To open a connection to a backend; to a container on this machine never more than a second. [env: DOCKER_PROXY_TIMEOUT_CONNECT] [default: 5s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l timeout-first-byte -d 'From the whole request sent to the first byte of the backend\'s answer. [env: DOCKER_PROXY_TIMEOUT_FIRST_BYTE] [default: 60s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l timeout-idle -d 'Between two bytes of a body, either way. No timeout caps a whole body. [env: DOCKER_PROXY_TIMEOUT_IDLE] [default: 60s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l timeout-tunnel -d 'Between two bytes of a WebSocket or any other upgraded connection, either way. [env: DOCKER_PROXY_TIMEOUT_TUNNEL] [default: 1h]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l timeout-keep-alive -d 'Between two requests on a client\'s connection. [env: DOCKER_PROXY_TIMEOUT_KEEP_ALIVE] [default: 75s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l timeout-upstream-keep-alive -d 'How long an unused connection to a backend is kept. [env: DOCKER_PROXY_TIMEOUT_UPSTREAM_KEEP_ALIVE] [default: 4s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l timeout-drain -d 'How long a leaving worker may finish the requests it has. [env: DOCKER_PROXY_TIMEOUT_DRAIN] [default: 30s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l limit-head-bytes -d 'The largest head of a request or an answer, 4KiB to 16MiB. [env: DOCKER_PROXY_LIMIT_HEAD_BYTES] [default: 64KiB]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l limit-head-fields -d 'The most fields of a head, 16 to 10000. [env: DOCKER_PROXY_LIMIT_HEAD_FIELDS] [default: 128]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l limit-target-bytes -d 'The longest request target (path and query), at least 1KiB and at most `limits.head_bytes`; a longer one is answered with 414. [env: DOCKER_PROXY_LIMIT_TARGET_BYTES] [default: 16KiB]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l limit-connections -d 'The most client connections of one worker. [env: DOCKER_PROXY_LIMIT_CONNECTIONS] [default: 100000]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l limit-handshakes -d 'The most TLS handshakes that are under way at a time in one worker; another one ends the oldest. [env: DOCKER_PROXY_LIMIT_HANDSHAKES] [default: 2000]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l limit-backend-requests -d 'The most requests that a backend gets at a time, from all workers together; 0 is any number. A container says otherwise by label `dproxy.max_requests`, a route of this file by `max_requests`. [env: DOCKER_PROXY_LIMIT_BACKEND_REQUESTS] [default: 0]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l limit-queue -d 'The most requests of one worker that wait for the full backends of one route; others are answered with 503 at once. [env: DOCKER_PROXY_LIMIT_QUEUE] [default: 1000]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l limit-held -d 'The most requests of one worker that wait for containers to come back; others are answered with 503 at once. [env: DOCKER_PROXY_LIMIT_HELD] [default: 1000]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l limit-held-bytes -d 'The most memory for the requests of one worker that wait for containers to come back. Their bodies are not read meanwhile. [env: DOCKER_PROXY_LIMIT_HELD_BYTES] [default: 64MiB]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l balance -d 'How one of several backends is chosen: `p2c` (of two, the one with fewer requests under way in all workers), `round_robin`, `least_conn`, `random`, `ewma` (of two, the one that answers sooner), `hash:ip`, `hash:header:NAME` or `hash:cookie:NAME` (the same one for the same key). A container says otherwise by label `dproxy.balance`, a route of this file by `balance`. [env: DOCKER_PROXY_BALANCE] [default: p2c]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l ejection-failures -d 'A backend that fails so many requests in a row, in all workers together, gets no more for `ejection.time`: no connection, no answer in time, or none that is HTTP. Then one request tries whether it has recovered. 0 is never. [env: DOCKER_PROXY_EJECTION_FAILURES] [default: 5]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l ejection-time -d 'How long it gets none the first time; each further time that follows soon takes as much longer. [env: DOCKER_PROXY_EJECTION_TIME] [default: 10s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l ejection-max-time -d 'No such time is longer; and after so much time without one, the next is a first one again. [env: DOCKER_PROXY_EJECTION_MAX_TIME] [default: 5min]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l ejection-share -d 'No more of a route\'s backends than this get none at a time, and never the last. Where more of them do all the same, because others have gone, all are asked. [env: DOCKER_PROXY_EJECTION_SHARE] [default: 50]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l ejection-server-errors -d 'Answers with a status of 500 or more count as failures, too. [env: DOCKER_PROXY_EJECTION_SERVER_ERRORS] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l ssl-path -d 'The directory with the TLS certificates and their keys, as PEM: `NAME.crt` and `NAME.key`, folders with `fullchain.pem` and `privkey.pem` (certbot), or both in one `NAME.pem`; `default.crt` is shown where no other fits. Changes are noticed. [env: DOCKER_PROXY_SSL_PATH, DOCKER_PROXY_SSL_DIR] [default: none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l ssl-port -d 'The public TLS port, listened on when a certificate loads. When it is set and cannot be bound then, the start fails. [env: DOCKER_PROXY_SSL_PORT] [default: 443, or 8443 with a warning where 443 cannot be bound]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l ssl-policy -d 'Which TLS is spoken with clients: `intermediate` is TLS 1.2 and 1.3, `modern` is TLS 1.3 only. [env: DOCKER_PROXY_SSL_POLICY] [default: intermediate]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l ssl-issuer -d 'Who makes the certificates of hosts that have none in `ssl.path`: `acme` is Let\'s Encrypt, or whom `acme.directory` names; `internal` is an authority of our own for development, kept in `directories.state`; `off` is nobody. A container says otherwise by label `dproxy.tls`. [env: DOCKER_PROXY_SSL_ISSUER] [default: off]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l ssl-peek -d 'Whether a client that begins with TLS at the clear port is understood, when there are certificates. [env: DOCKER_PROXY_SSL_PEEK] [default: true]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l ssl-http3 -d 'Whether HTTP/3 is spoken at the TLS port, over UDP, and clients of HTTP/1 and HTTP/2 are told so (`Alt-Svc`). In a container, publish the port for UDP too. Hosts that ask clients for certificates do so over TCP only. [env: DOCKER_PROXY_SSL_HTTP3] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l ssl-redirect -d 'Whether hosts that have a certificate send clients of the clear port to the TLS port. A container says otherwise by label `dproxy.https`. [env: DOCKER_PROXY_SSL_REDIRECT] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l ssl-hsts -d 'What hosts tell clients of TLS in `Strict-Transport-Security`, like `max-age=31536000`; `off` is nothing. A container says otherwise by label `dproxy.hsts`. [env: DOCKER_PROXY_SSL_HSTS] [default: off]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l acme-agree-to-terms -d 'Whether you agree to the terms of service of the authority, <https://letsencrypt.org/repository/> for Let\'s Encrypt. Before you do it is not asked for certificates, whatever `ssl.issuer` and labels say. [env: DOCKER_PROXY_ACME_AGREE_TO_TERMS] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l acme-email -d 'Whom the authority may write to. [env: DOCKER_PROXY_ACME_EMAIL, DEFAULT_EMAIL] [default: none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l acme-directory -d 'The directory of the authority that is asked for the certificates of hosts with `ssl.issuer` or label `dproxy.tls` `acme`. [env: DOCKER_PROXY_ACME_DIRECTORY] [default: Let\'s Encrypt]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l acme-staging -d 'Asks the staging service of Let\'s Encrypt, to try things out: its limits are wide, but no browser believes its certificates. [env: DOCKER_PROXY_ACME_STAGING] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l acme-root -d 'The only authorities, as PEM, that may vouch for the server of `acme.directory`: for a private one. [env: DOCKER_PROXY_ACME_ROOT] [default: the authorities that this machine believes]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l acme-challenge -d 'How the authority is shown that a host is ours: `http-01` is a page at port 80, `tls-alpn-01` a handshake at port 443, `dns-01` a record in the DNS, which `acme.dns_hook` writes. Hosts like `*.shop.org` are always shown in the DNS. [env: DOCKER_PROXY_ACME_CHALLENGE] [default: http-01]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l acme-dns-hook -d 'The program that writes records into the DNS. It is called with `present NAME TEXT`, and ends well once everybody can see the TXT record; and with `cleanup NAME TEXT` afterwards. [env: DOCKER_PROXY_ACME_DNS_HOOK] [default: none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l acme-dns-timeout -d 'How long `acme.dns_hook` may take before it is ended. [env: DOCKER_PROXY_ACME_DNS_TIMEOUT] [default: 5min]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l acme-shared -d 'Whether all hosts of one container, or of one route of this file, have one certificate together (up to 100). If the authority refuses that, each has its own, as it is with `false`. [env: DOCKER_PROXY_ACME_SHARED] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l acme-on-demand -d 'Hosts like `*.customers.example.org` that get a certificate when the first client asks for them over TLS, which waits for it; there must be a route for the host. Nobody else gets one so, whoever asks. `*` needs `acme.on_demand_ask`. [env: DOCKER_PROXY_ACME_ON_DEMAND] [default: none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l acme-on-demand-ask -d 'Who else has to agree to such a certificate: a GET with `?domain=HOST` must be answered with 200, for anything else there is none. Without `acme.on_demand` it is asked about every host that there is a route for. [env: DOCKER_PROXY_ACME_ON_DEMAND_ASK] [default: nobody]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l acme-on-demand-limit -d 'So many certificates are ordered on demand within an hour at most, whoever asks. [env: DOCKER_PROXY_ACME_ON_DEMAND_LIMIT] [default: 20]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l acme-eab-kid -d 'For authorities that want to know whose customer an account belongs to (external account binding): the id of the key that they gave you. [env: DOCKER_PROXY_ACME_EAB_KID] [default: none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l acme-eab-key-file -d 'The file with that key, in base64 as they gave it. [env: DOCKER_PROXY_ACME_EAB_KEY_FILE] [default: none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -l check -d 'Says whether the configuration makes sense, and exits with 0 or 78'
complete -c dproxy -n "__fish_dproxy_using_subcommand master" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand worker" -l user -r
complete -c dproxy -n "__fish_dproxy_using_subcommand worker" -l sandbox -r -f -a "true\t''
false\t''"
complete -c dproxy -n "__fish_dproxy_using_subcommand worker" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l config -d 'The configuration file; a directory means `docker-proxy.yaml` in it. A file named here must exist. [env: DOCKER_PROXY_CONFIG_PATH, DOCKER_PROXY_CONFIG_FILE_PATH] [default: `/etc/docker-proxy/docker-proxy.yaml`, else `/etc/dproxy.yml`, else none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l port -d 'The public port. When it is set and cannot be bound, the start fails. [env: DOCKER_PROXY_PORT, PORT] [default: 80, or 8080 with a warning where 80 cannot be bound]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l hostname -d 'The addresses of this machine that the public port is bound at: IP addresses, `localhost` for 127.0.0.1, or `*` for all. `HOST` counts only when it is an IP address. [env: DOCKER_PROXY_HOSTNAME, DOCKER_PROXY_ADDRESS, HOST] [default: 0.0.0.0, ::]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l workers -d 'How many worker processes serve requests, 1 to 1024. [env: DOCKER_PROXY_WORKER_LIMIT] [default: the number of CPUs this process may use]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l worker-silent -d 'Keeps what the workers write out of the master\'s log. [env: DOCKER_PROXY_WORKER_SILENT] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l max-memory -d 'A worker that has grown beyond this much memory is replaced without losing a request, one worker at a time: a size like `256MiB`. [env: DOCKER_PROXY_MAX_MEMORY] [default: no limit]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l worker-user -d 'The user that workers run as when root starts dproxy: a name, or numbers like `1000:1000`. Without root it does nothing. [env: DOCKER_PROXY_WORKER_USER] [default: `dproxy` if there is such a user, else `nobody`]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l sandbox -d 'Landlock and seccomp take from workers what they never need: files, other programs, listening. `dproxy doctor` says what holds here. [env: DOCKER_PROXY_SANDBOX] [default: true]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l server-name -d 'The name of this proxy, sent to backends as `x-forwarded-server`. [env: DOCKER_PROXY_SERVER_NAME] [default: the machine\'s host name]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l trusted -d 'Networks (`10.0.0.0/8`) or addresses of proxies in front of this one, whose `x-forwarded-*` headers are believed. Everybody else\'s are replaced. [env: DOCKER_PROXY_TRUSTED]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l proxy-protocol -d 'Networks (`10.0.0.0/8`) or addresses of proxies in front of this one whose connections all begin with the PROXY protocol, version 1 or 2. It tells who the client is; a connection of theirs without it is closed. Everybody else\'s is no announcement. [env: DOCKER_PROXY_PROXY_PROTOCOL]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l www-fallback -d 'A name that begins with `www.` and that nothing else serves is served as the name behind it. [env: DOCKER_PROXY_WWW_FALLBACK] [default: true]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l log-level -d 'How much is logged: `error`, `warn`, `info`, `debug` or `trace`. [env: DOCKER_PROXY_LOG_LEVEL] [default: info]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l access-log -d 'The file that gets a line for each request, or `stdout`. A file is opened again on `USR1`. [env: DOCKER_PROXY_ACCESS_LOG]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l access-log-format -d 'What a line of the access log looks like: `combined` as Apache writes it, `full` for that with host and milliseconds behind it, `hipache` for that with host and the seconds of request and backend, or `json`. Where `tracing` creates them, request id and trace id end each line. [env: DOCKER_PROXY_ACCESS_LOG_FORMAT] [default: full]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l access-log-fields -d 'What each line of `json` tells; all where none is named: `time`, `client`, `forwarded_for`, `method`, `scheme`, `host`, `target`, `protocol`, `referer`, `user_agent`, `request_id`, `trace_id`, `span_id`, `status`, `bytes`, `duration_ms`, `backend`, `backend_ms`. [env: DOCKER_PROXY_ACCESS_LOG_FIELDS]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l access-log-sample -d 'How many requests get a line: `on` for all, a share like `0.1` or `10%` by chance, or `off` for none. With a share, even `0`, whatever is answered with a status of 500 or more gets one always. A container says otherwise by label `dproxy.access_log`, a route of this file by `access_log`. [env: DOCKER_PROXY_ACCESS_LOG_SAMPLE] [default: on]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l access-log-max-size -d 'When the file of the access log has so many bytes, it is renamed, `.1` behind its name, and another one begun; `0` is never. [env: DOCKER_PROXY_ACCESS_LOG_MAX_SIZE] [default: 100MiB]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l access-log-max-age -d 'When the file of the access log is so old (`1d`, `12h`), another one is begun; nothing is never. [env: DOCKER_PROXY_ACCESS_LOG_MAX_AGE]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l access-log-keep -d 'So many old files of the access log stay, the newest as `.1`. [env: DOCKER_PROXY_ACCESS_LOG_KEEP] [default: 10]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l tracing-request-id -d 'What becomes of `x-request-id`: `pass` is nothing; with `create` a request that brings none gets one, or one that brings several or anything but 1 to 128 visible characters without `"`, `\\` and `,`. Lines of the access log tell it then. [env: DOCKER_PROXY_TRACING_REQUEST_ID] [default: pass]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l tracing-context -d 'What becomes of `traceparent` and `tracestate` (W3C Trace Context): `pass` is nothing; with `create` a request without a valid `traceparent` begins a trace, which is to be sampled; with `join` dproxy besides is a place of its own in each trace: backends are told a parent id that the access log tells, too. [env: DOCKER_PROXY_TRACING_CONTEXT] [default: pass]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l tracing-answer -d 'Answers tell clients the number of their request as `x-request-id`, notice pages too; what a backend itself says under that name stays. [env: DOCKER_PROXY_TRACING_ANSWER] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l pages -d 'A directory with notice pages of your own, `error_503.html` or for any other status, and `error_default.html`. What stands in double braces is filled in: `host`, `status`, `title`, `message`, `reason`, `container`, `refresh`. Read again on `HUP`. [env: DOCKER_PROXY_PAGES]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l pages-container-names -d 'Notice pages may tell the name of the container. [env: DOCKER_PROXY_PAGES_CONTAINER_NAMES] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l pid-path -d 'The PID file of the master. It is locked: a second master that names the same one refuses to start. [env: DOCKER_PROXY_PID_PATH] [default: `docker-proxy.pid` in `directories.run`]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l log-directory -d 'Where logs go. [env: DOCKER_PROXY_LOG_DIRECTORY] [default: `/var/log/docker-proxy`; without root `docker-proxy/log` in `$XDG_STATE_HOME`]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l state-directory -d 'Where the things are that survive a restart. [env: DOCKER_PROXY_STATE_DIRECTORY] [default: `/var/lib/docker-proxy`; without root `docker-proxy` in `$XDG_STATE_HOME`]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l run-directory -d 'Where the PID file and the control socket are. [env: DOCKER_PROXY_RUN_DIRECTORY] [default: `/var/run/docker-proxy`; without root `docker-proxy` in `$XDG_RUNTIME_DIR`, else `/tmp/dproxy-<uid>`]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l store -d 'Who keeps what survives a restart: `file` is a file in `directories.state`, `memory` is nobody, and a URL like `redis://:password@host:6379/0`, `rediss://host:6380/0` (over TLS) or `redis+unix:///path` is a Redis server, of which this dproxy has a database for itself. [env: DOCKER_PROXY_STORE] [default: file]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l store-root -d 'The only authorities, as PEM, that may vouch for a Redis server at `rediss://`: for a private one. [env: DOCKER_PROXY_STORE_ROOT] [default: the authorities that this machine believes]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l api-address -d 'The address of the control API. At another one than loopback, callers must show the token of `api.token_file`. [env: DOCKER_PROXY_API_ADDRESS] [default: 127.0.0.1]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l api-port -d 'The port of the control API. [env: DOCKER_PROXY_API_PORT] [default: 16000]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l api-socket -d 'The Unix socket of the control API, which `dproxy ctl` uses. [env: DOCKER_PROXY_API_SOCKET] [default: `docker-proxy.sock` in `directories.run`]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l api-peers -d 'Users, and groups as `@GROUP`, who may ask at the Unix socket besides root and the user and group that dproxy runs as: names or numbers. Others are refused with 403, or by the mode of the socket where nobody is named here. [env: DOCKER_PROXY_API_PEERS]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l api-token-file -d 'The file with the token that callers of the API\'s port show as `Authorization: Bearer …`. It must be for its owner alone (mode 0600), and is made when it is missing. The Unix socket needs none. [env: DOCKER_PROXY_API_TOKEN_FILE] [default: `api-token` in `directories.state` where `api.address` is no loopback address, else none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l docker-endpoint -d 'Where the Docker engine is: `unix:///path`, a bare path, `tcp://host:port`, `http://host:port`, `https://host:port` or `host:port`. [env: DOCKER_HOST, DOCKER_SOCK_PATH, DOCKER_SOCKET_PATH] [default: unix:///var/run/docker.sock]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l docker-tls-verify -d 'Speaks TLS with a TCP endpoint and checks its certificate. As Docker reads it, `DOCKER_TLS_VERIFY` with any text means `true`. [env: DOCKER_TLS_VERIFY] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l docker-cert-path -d 'The directory with `ca.pem`, `cert.pem` and `key.pem` for a TLS endpoint. [env: DOCKER_CERT_PATH] [default: `~/.docker`]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l docker-address -d 'The address at which published ports are reachable, for an engine on another machine or a proxy inside a container. [env: DOCKER_PROXY_DOCKER_ADDRESS] [default: loopback]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l docker-container-addresses -d 'Containers are dialled at their own addresses. Say `true` where the networks of an engine on another machine are routed here, `false` for a Unix socket that leads to another machine. [env: DOCKER_PROXY_DOCKER_CONTAINER_ADDRESSES] [default: `true` for an engine on this machine, `false` for one behind TCP]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l docker-internal-names -d 'Every container also answers to `<container name>.internal`. [env: DOCKER_PROXY_DOCKER_INTERNAL_NAMES] [default: true]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l docker-unpublished -d 'Containers without a published port are reached at their own address and exposed or labelled port. [env: DOCKER_PROXY_DOCKER_UNPUBLISHED] [default: true]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l docker-dialects -d 'The other proxies whose labels and environment are understood on containers without label `dproxy.host`; the first that applies counts, `none` is none. [env: DOCKER_PROXY_DOCKER_DIALECTS] [default: traefik, caddy, nginx-proxy]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l timeout-request-head -d 'From the first byte of a request\'s head to its last. [env: DOCKER_PROXY_TIMEOUT_REQUEST_HEAD] [default: 10s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l timeout-handshake -d 'From the first byte of a TLS handshake to its end. [env: DOCKER_PROXY_TIMEOUT_HANDSHAKE] [default: 10s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l timeout-queue -d 'How long a request waits when all its backends have as many requests as they take; then it is answered with 503. [env: DOCKER_PROXY_TIMEOUT_QUEUE] [default: 10s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l timeout-hold -d 'How long requests wait for a container that was restarted, recreated or paused and for one that is starting, where no other serves the host; then they are answered with 503. A host that has been offline for longer is answered at once. [env: DOCKER_PROXY_TIMEOUT_HOLD] [default: 10s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l timeout-connect -d 'To open a connection to a backend; to a container on this machine never more than a second. [env: DOCKER_PROXY_TIMEOUT_CONNECT] [default: 5s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l timeout-first-byte -d 'From the whole request sent to the first byte of the backend\'s answer. [env: DOCKER_PROXY_TIMEOUT_FIRST_BYTE] [default: 60s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l timeout-idle -d 'Between two bytes of a body, either way. No timeout caps a whole body. [env: DOCKER_PROXY_TIMEOUT_IDLE] [default: 60s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l timeout-tunnel -d 'Between two bytes of a WebSocket or any other upgraded connection, either way. [env: DOCKER_PROXY_TIMEOUT_TUNNEL] [default: 1h]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l timeout-keep-alive -d 'Between two requests on a client\'s connection. [env: DOCKER_PROXY_TIMEOUT_KEEP_ALIVE] [default: 75s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l timeout-upstream-keep-alive -d 'How long an unused connection to a backend is kept. [env: DOCKER_PROXY_TIMEOUT_UPSTREAM_KEEP_ALIVE] [default: 4s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l timeout-drain -d 'How long a leaving worker may finish the requests it has. [env: DOCKER_PROXY_TIMEOUT_DRAIN] [default: 30s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l limit-head-bytes -d 'The largest head of a request or an answer, 4KiB to 16MiB. [env: DOCKER_PROXY_LIMIT_HEAD_BYTES] [default: 64KiB]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l limit-head-fields -d 'The most fields of a head, 16 to 10000. [env: DOCKER_PROXY_LIMIT_HEAD_FIELDS] [default: 128]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l limit-target-bytes -d 'The longest request target (path and query), at least 1KiB and at most `limits.head_bytes`; a longer one is answered with 414. [env: DOCKER_PROXY_LIMIT_TARGET_BYTES] [default: 16KiB]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l limit-connections -d 'The most client connections of one worker. [env: DOCKER_PROXY_LIMIT_CONNECTIONS] [default: 100000]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l limit-handshakes -d 'The most TLS handshakes that are under way at a time in one worker; another one ends the oldest. [env: DOCKER_PROXY_LIMIT_HANDSHAKES] [default: 2000]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l limit-backend-requests -d 'The most requests that a backend gets at a time, from all workers together; 0 is any number. A container says otherwise by label `dproxy.max_requests`, a route of this file by `max_requests`. [env: DOCKER_PROXY_LIMIT_BACKEND_REQUESTS] [default: 0]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l limit-queue -d 'The most requests of one worker that wait for the full backends of one route; others are answered with 503 at once. [env: DOCKER_PROXY_LIMIT_QUEUE] [default: 1000]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l limit-held -d 'The most requests of one worker that wait for containers to come back; others are answered with 503 at once. [env: DOCKER_PROXY_LIMIT_HELD] [default: 1000]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l limit-held-bytes -d 'The most memory for the requests of one worker that wait for containers to come back. Their bodies are not read meanwhile. [env: DOCKER_PROXY_LIMIT_HELD_BYTES] [default: 64MiB]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l balance -d 'How one of several backends is chosen: `p2c` (of two, the one with fewer requests under way in all workers), `round_robin`, `least_conn`, `random`, `ewma` (of two, the one that answers sooner), `hash:ip`, `hash:header:NAME` or `hash:cookie:NAME` (the same one for the same key). A container says otherwise by label `dproxy.balance`, a route of this file by `balance`. [env: DOCKER_PROXY_BALANCE] [default: p2c]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l ejection-failures -d 'A backend that fails so many requests in a row, in all workers together, gets no more for `ejection.time`: no connection, no answer in time, or none that is HTTP. Then one request tries whether it has recovered. 0 is never. [env: DOCKER_PROXY_EJECTION_FAILURES] [default: 5]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l ejection-time -d 'How long it gets none the first time; each further time that follows soon takes as much longer. [env: DOCKER_PROXY_EJECTION_TIME] [default: 10s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l ejection-max-time -d 'No such time is longer; and after so much time without one, the next is a first one again. [env: DOCKER_PROXY_EJECTION_MAX_TIME] [default: 5min]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l ejection-share -d 'No more of a route\'s backends than this get none at a time, and never the last. Where more of them do all the same, because others have gone, all are asked. [env: DOCKER_PROXY_EJECTION_SHARE] [default: 50]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l ejection-server-errors -d 'Answers with a status of 500 or more count as failures, too. [env: DOCKER_PROXY_EJECTION_SERVER_ERRORS] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l ssl-path -d 'The directory with the TLS certificates and their keys, as PEM: `NAME.crt` and `NAME.key`, folders with `fullchain.pem` and `privkey.pem` (certbot), or both in one `NAME.pem`; `default.crt` is shown where no other fits. Changes are noticed. [env: DOCKER_PROXY_SSL_PATH, DOCKER_PROXY_SSL_DIR] [default: none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l ssl-port -d 'The public TLS port, listened on when a certificate loads. When it is set and cannot be bound then, the start fails. [env: DOCKER_PROXY_SSL_PORT] [default: 443, or 8443 with a warning where 443 cannot be bound]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l ssl-policy -d 'Which TLS is spoken with clients: `intermediate` is TLS 1.2 and 1.3, `modern` is TLS 1.3 only. [env: DOCKER_PROXY_SSL_POLICY] [default: intermediate]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l ssl-issuer -d 'Who makes the certificates of hosts that have none in `ssl.path`: `acme` is Let\'s Encrypt, or whom `acme.directory` names; `internal` is an authority of our own for development, kept in `directories.state`; `off` is nobody. A container says otherwise by label `dproxy.tls`. [env: DOCKER_PROXY_SSL_ISSUER] [default: off]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l ssl-peek -d 'Whether a client that begins with TLS at the clear port is understood, when there are certificates. [env: DOCKER_PROXY_SSL_PEEK] [default: true]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l ssl-http3 -d 'Whether HTTP/3 is spoken at the TLS port, over UDP, and clients of HTTP/1 and HTTP/2 are told so (`Alt-Svc`). In a container, publish the port for UDP too. Hosts that ask clients for certificates do so over TCP only. [env: DOCKER_PROXY_SSL_HTTP3] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l ssl-redirect -d 'Whether hosts that have a certificate send clients of the clear port to the TLS port. A container says otherwise by label `dproxy.https`. [env: DOCKER_PROXY_SSL_REDIRECT] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l ssl-hsts -d 'What hosts tell clients of TLS in `Strict-Transport-Security`, like `max-age=31536000`; `off` is nothing. A container says otherwise by label `dproxy.hsts`. [env: DOCKER_PROXY_SSL_HSTS] [default: off]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l acme-agree-to-terms -d 'Whether you agree to the terms of service of the authority, <https://letsencrypt.org/repository/> for Let\'s Encrypt. Before you do it is not asked for certificates, whatever `ssl.issuer` and labels say. [env: DOCKER_PROXY_ACME_AGREE_TO_TERMS] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l acme-email -d 'Whom the authority may write to. [env: DOCKER_PROXY_ACME_EMAIL, DEFAULT_EMAIL] [default: none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l acme-directory -d 'The directory of the authority that is asked for the certificates of hosts with `ssl.issuer` or label `dproxy.tls` `acme`. [env: DOCKER_PROXY_ACME_DIRECTORY] [default: Let\'s Encrypt]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l acme-staging -d 'Asks the staging service of Let\'s Encrypt, to try things out: its limits are wide, but no browser believes its certificates. [env: DOCKER_PROXY_ACME_STAGING] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l acme-root -d 'The only authorities, as PEM, that may vouch for the server of `acme.directory`: for a private one. [env: DOCKER_PROXY_ACME_ROOT] [default: the authorities that this machine believes]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l acme-challenge -d 'How the authority is shown that a host is ours: `http-01` is a page at port 80, `tls-alpn-01` a handshake at port 443, `dns-01` a record in the DNS, which `acme.dns_hook` writes. Hosts like `*.shop.org` are always shown in the DNS. [env: DOCKER_PROXY_ACME_CHALLENGE] [default: http-01]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l acme-dns-hook -d 'The program that writes records into the DNS. It is called with `present NAME TEXT`, and ends well once everybody can see the TXT record; and with `cleanup NAME TEXT` afterwards. [env: DOCKER_PROXY_ACME_DNS_HOOK] [default: none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l acme-dns-timeout -d 'How long `acme.dns_hook` may take before it is ended. [env: DOCKER_PROXY_ACME_DNS_TIMEOUT] [default: 5min]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l acme-shared -d 'Whether all hosts of one container, or of one route of this file, have one certificate together (up to 100). If the authority refuses that, each has its own, as it is with `false`. [env: DOCKER_PROXY_ACME_SHARED] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l acme-on-demand -d 'Hosts like `*.customers.example.org` that get a certificate when the first client asks for them over TLS, which waits for it; there must be a route for the host. Nobody else gets one so, whoever asks. `*` needs `acme.on_demand_ask`. [env: DOCKER_PROXY_ACME_ON_DEMAND] [default: none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l acme-on-demand-ask -d 'Who else has to agree to such a certificate: a GET with `?domain=HOST` must be answered with 200, for anything else there is none. Without `acme.on_demand` it is asked about every host that there is a route for. [env: DOCKER_PROXY_ACME_ON_DEMAND_ASK] [default: nobody]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l acme-on-demand-limit -d 'So many certificates are ordered on demand within an hour at most, whoever asks. [env: DOCKER_PROXY_ACME_ON_DEMAND_LIMIT] [default: 20]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l acme-eab-kid -d 'For authorities that want to know whose customer an account belongs to (external account binding): the id of the key that they gave you. [env: DOCKER_PROXY_ACME_EAB_KID] [default: none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -l acme-eab-key-file -d 'The file with that key, in base64 as they gave it. [env: DOCKER_PROXY_ACME_EAB_KEY_FILE] [default: none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "status" -d 'The whole at a glance'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "list" -d 'Every worker'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "workers" -d 'Every worker'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "ls" -d 'Every worker'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "describe" -d 'Everything about one worker'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "health" -d 'Whether anybody serves: exit code 0 if so, as a container\'s health check wants it'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "top" -d 'Everything, live; `q` ends it'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "resize" -d 'Changes the number of workers'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "scale" -d 'Changes the number of workers'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "start" -d 'Starts the workers again, as many as there were'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "stop" -d 'Finishes what is under way and frees the ports; the master stays'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "drain" -d 'Finishes what is under way and frees the ports; the master stays'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "restart" -d 'Replaces every worker, one by one'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "reload" -d 'Reads the configuration again'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "upgrade" -d 'Runs the program that was installed since, in the same process, without losing a request'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "reset" -d 'Counts restarts from zero, and tries at once the workers that do not come up'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "logs" -d 'The last lines of the master\'s log'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "routes" -d 'Every route'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "route" -d 'Adds and removes routes by hand'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "containers" -d 'Every container'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "images" -d 'Every image that containers are of'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "backends" -d 'Every backend'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "certs" -d 'Every certificate, and until when it is valid'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "certificates" -d 'Every certificate, and until when it is valid'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "problems" -d 'Everything that should be mended'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "explain" -d 'What becomes of a request, and why'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "why" -d 'Why a container is, or is not, routed'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and not __fish_seen_subcommand_from status list workers ls describe health top resize scale start stop drain restart reload upgrade reset logs routes route containers images backends certs certificates problems explain why help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from status" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from status" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from status" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from status" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from status" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from status" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from status" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from list" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from list" -l where -d 'Only the rows of which these are true: `state=online`, `requests>=10`, several with commas' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from list" -l sort -d 'In the order of these fields; `-` before one turns it around: `host,-requests`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from list" -l limit -d 'At most so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from list" -l skip -d 'Without the first so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from list" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from list" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from list" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from list" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from list" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from list" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from workers" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from workers" -l where -d 'Only the rows of which these are true: `state=online`, `requests>=10`, several with commas' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from workers" -l sort -d 'In the order of these fields; `-` before one turns it around: `host,-requests`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from workers" -l limit -d 'At most so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from workers" -l skip -d 'Without the first so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from workers" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from workers" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from workers" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from workers" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from workers" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from workers" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from workers" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from ls" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from ls" -l where -d 'Only the rows of which these are true: `state=online`, `requests>=10`, several with commas' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from ls" -l sort -d 'In the order of these fields; `-` before one turns it around: `host,-requests`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from ls" -l limit -d 'At most so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from ls" -l skip -d 'Without the first so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from ls" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from ls" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from ls" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from ls" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from ls" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from ls" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from describe" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from describe" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from describe" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from describe" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from describe" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from describe" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from describe" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from describe" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from health" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from health" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from health" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from health" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from health" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from health" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from health" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from top" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from top" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from top" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from top" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from top" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from top" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from top" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from resize" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from resize" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from resize" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from resize" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from resize" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from resize" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from resize" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from scale" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from scale" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from scale" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from scale" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from scale" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from scale" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from scale" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from start" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from start" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from start" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from start" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from start" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from start" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from start" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from stop" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from stop" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from stop" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from stop" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from stop" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from stop" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from stop" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from drain" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from drain" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from drain" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from drain" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from drain" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from drain" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from drain" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from restart" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from restart" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from restart" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from restart" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from restart" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from restart" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from restart" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from reload" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from reload" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from reload" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from reload" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from reload" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from reload" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from reload" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from upgrade" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from upgrade" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from upgrade" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from upgrade" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from upgrade" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from upgrade" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from upgrade" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from reset" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from reset" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from reset" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from reset" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from reset" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from reset" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from reset" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from logs" -s n -l lines -d 'How many lines' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from logs" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from logs" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from logs" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from logs" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from logs" -s f -l follow -d 'Goes on with those that follow'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from logs" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from logs" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from logs" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from routes" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from routes" -l where -d 'Only the rows of which these are true: `state=online`, `requests>=10`, several with commas' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from routes" -l sort -d 'In the order of these fields; `-` before one turns it around: `host,-requests`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from routes" -l limit -d 'At most so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from routes" -l skip -d 'Without the first so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from routes" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from routes" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from routes" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from routes" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from routes" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from routes" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from routes" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from route" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from route" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from route" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from route" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from route" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from route" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from route" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from route" -f -a "add" -d 'One more route'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from route" -f -a "remove" -d 'Without the routes of a host, of a path of it, or with a number'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from route" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from containers" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from containers" -l where -d 'Only the rows of which these are true: `state=online`, `requests>=10`, several with commas' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from containers" -l sort -d 'In the order of these fields; `-` before one turns it around: `host,-requests`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from containers" -l limit -d 'At most so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from containers" -l skip -d 'Without the first so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from containers" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from containers" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from containers" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from containers" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from containers" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from containers" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from containers" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from images" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from images" -l where -d 'Only the rows of which these are true: `state=online`, `requests>=10`, several with commas' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from images" -l sort -d 'In the order of these fields; `-` before one turns it around: `host,-requests`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from images" -l limit -d 'At most so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from images" -l skip -d 'Without the first so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from images" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from images" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from images" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from images" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from images" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from images" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from images" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from backends" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from backends" -l where -d 'Only the rows of which these are true: `state=online`, `requests>=10`, several with commas' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from backends" -l sort -d 'In the order of these fields; `-` before one turns it around: `host,-requests`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from backends" -l limit -d 'At most so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from backends" -l skip -d 'Without the first so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from backends" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from backends" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from backends" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from backends" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from backends" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from backends" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from backends" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certs" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certs" -l where -d 'Only the rows of which these are true: `state=online`, `requests>=10`, several with commas' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certs" -l sort -d 'In the order of these fields; `-` before one turns it around: `host,-requests`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certs" -l limit -d 'At most so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certs" -l skip -d 'Without the first so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certs" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certs" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certs" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certs" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certs" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certs" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certs" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certificates" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certificates" -l where -d 'Only the rows of which these are true: `state=online`, `requests>=10`, several with commas' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certificates" -l sort -d 'In the order of these fields; `-` before one turns it around: `host,-requests`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certificates" -l limit -d 'At most so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certificates" -l skip -d 'Without the first so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certificates" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certificates" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certificates" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certificates" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certificates" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certificates" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from certificates" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from problems" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from problems" -l where -d 'Only the rows of which these are true: `state=online`, `requests>=10`, several with commas' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from problems" -l sort -d 'In the order of these fields; `-` before one turns it around: `host,-requests`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from problems" -l limit -d 'At most so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from problems" -l skip -d 'Without the first so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from problems" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from problems" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from problems" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from problems" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from problems" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from problems" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from problems" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from explain" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from explain" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from explain" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from explain" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from explain" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from explain" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from explain" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from why" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from why" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from why" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from why" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from why" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from why" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from why" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from why" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "status" -d 'The whole at a glance'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "list" -d 'Every worker'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "describe" -d 'Everything about one worker'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "health" -d 'Whether anybody serves: exit code 0 if so, as a container\'s health check wants it'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "top" -d 'Everything, live; `q` ends it'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "resize" -d 'Changes the number of workers'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "start" -d 'Starts the workers again, as many as there were'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "stop" -d 'Finishes what is under way and frees the ports; the master stays'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "restart" -d 'Replaces every worker, one by one'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "reload" -d 'Reads the configuration again'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "upgrade" -d 'Runs the program that was installed since, in the same process, without losing a request'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "reset" -d 'Counts restarts from zero, and tries at once the workers that do not come up'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "logs" -d 'The last lines of the master\'s log'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "routes" -d 'Every route'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "route" -d 'Adds and removes routes by hand'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "containers" -d 'Every container'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "images" -d 'Every image that containers are of'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "backends" -d 'Every backend'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "certs" -d 'Every certificate, and until when it is valid'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "problems" -d 'Everything that should be mended'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "explain" -d 'What becomes of a request, and why'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "why" -d 'Why a container is, or is not, routed'
complete -c dproxy -n "__fish_dproxy_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c dproxy -n "__fish_dproxy_using_subcommand completions" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand manual" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and not __fish_seen_subcommand_from reference show schema settings help" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and not __fish_seen_subcommand_from reference show schema settings help" -f -a "reference" -d 'Prints a configuration file with every key, commented out'
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and not __fish_seen_subcommand_from reference show schema settings help" -f -a "show" -d 'Prints what counts, and where each value comes from'
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and not __fish_seen_subcommand_from reference show schema settings help" -f -a "schema" -d 'Prints the JSON Schema of the file, for editors that complete its keys'
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and not __fish_seen_subcommand_from reference show schema settings help" -f -a "settings" -d 'Prints the table of settings, in Markdown'
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and not __fish_seen_subcommand_from reference show schema settings help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from reference" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l config -d 'The configuration file; a directory means `docker-proxy.yaml` in it. A file named here must exist. [env: DOCKER_PROXY_CONFIG_PATH, DOCKER_PROXY_CONFIG_FILE_PATH] [default: `/etc/docker-proxy/docker-proxy.yaml`, else `/etc/dproxy.yml`, else none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l port -d 'The public port. When it is set and cannot be bound, the start fails. [env: DOCKER_PROXY_PORT, PORT] [default: 80, or 8080 with a warning where 80 cannot be bound]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l hostname -d 'The addresses of this machine that the public port is bound at: IP addresses, `localhost` for 127.0.0.1, or `*` for all. `HOST` counts only when it is an IP address. [env: DOCKER_PROXY_HOSTNAME, DOCKER_PROXY_ADDRESS, HOST] [default: 0.0.0.0, ::]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l workers -d 'How many worker processes serve requests, 1 to 1024. [env: DOCKER_PROXY_WORKER_LIMIT] [default: the number of CPUs this process may use]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l worker-silent -d 'Keeps what the workers write out of the master\'s log. [env: DOCKER_PROXY_WORKER_SILENT] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l max-memory -d 'A worker that has grown beyond this much memory is replaced without losing a request, one worker at a time: a size like `256MiB`. [env: DOCKER_PROXY_MAX_MEMORY] [default: no limit]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l worker-user -d 'The user that workers run as when root starts dproxy: a name, or numbers like `1000:1000`. Without root it does nothing. [env: DOCKER_PROXY_WORKER_USER] [default: `dproxy` if there is such a user, else `nobody`]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l sandbox -d 'Landlock and seccomp take from workers what they never need: files, other programs, listening. `dproxy doctor` says what holds here. [env: DOCKER_PROXY_SANDBOX] [default: true]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l server-name -d 'The name of this proxy, sent to backends as `x-forwarded-server`. [env: DOCKER_PROXY_SERVER_NAME] [default: the machine\'s host name]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l trusted -d 'Networks (`10.0.0.0/8`) or addresses of proxies in front of this one, whose `x-forwarded-*` headers are believed. Everybody else\'s are replaced. [env: DOCKER_PROXY_TRUSTED]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l proxy-protocol -d 'Networks (`10.0.0.0/8`) or addresses of proxies in front of this one whose connections all begin with the PROXY protocol, version 1 or 2. It tells who the client is; a connection of theirs without it is closed. Everybody else\'s is no announcement. [env: DOCKER_PROXY_PROXY_PROTOCOL]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l www-fallback -d 'A name that begins with `www.` and that nothing else serves is served as the name behind it. [env: DOCKER_PROXY_WWW_FALLBACK] [default: true]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l log-level -d 'How much is logged: `error`, `warn`, `info`, `debug` or `trace`. [env: DOCKER_PROXY_LOG_LEVEL] [default: info]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l access-log -d 'The file that gets a line for each request, or `stdout`. A file is opened again on `USR1`. [env: DOCKER_PROXY_ACCESS_LOG]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l access-log-format -d 'What a line of the access log looks like: `combined` as Apache writes it, `full` for that with host and milliseconds behind it, `hipache` for that with host and the seconds of request and backend, or `json`. Where `tracing` creates them, request id and trace id end each line. [env: DOCKER_PROXY_ACCESS_LOG_FORMAT] [default: full]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l access-log-fields -d 'What each line of `json` tells; all where none is named: `time`, `client`, `forwarded_for`, `method`, `scheme`, `host`, `target`, `protocol`, `referer`, `user_agent`, `request_id`, `trace_id`, `span_id`, `status`, `bytes`, `duration_ms`, `backend`, `backend_ms`. [env: DOCKER_PROXY_ACCESS_LOG_FIELDS]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l access-log-sample -d 'How many requests get a line: `on` for all, a share like `0.1` or `10%` by chance, or `off` for none. With a share, even `0`, whatever is answered with a status of 500 or more gets one always. A container says otherwise by label `dproxy.access_log`, a route of this file by `access_log`. [env: DOCKER_PROXY_ACCESS_LOG_SAMPLE] [default: on]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l access-log-max-size -d 'When the file of the access log has so many bytes, it is renamed, `.1` behind its name, and another one begun; `0` is never. [env: DOCKER_PROXY_ACCESS_LOG_MAX_SIZE] [default: 100MiB]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l access-log-max-age -d 'When the file of the access log is so old (`1d`, `12h`), another one is begun; nothing is never. [env: DOCKER_PROXY_ACCESS_LOG_MAX_AGE]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l access-log-keep -d 'So many old files of the access log stay, the newest as `.1`. [env: DOCKER_PROXY_ACCESS_LOG_KEEP] [default: 10]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l tracing-request-id -d 'What becomes of `x-request-id`: `pass` is nothing; with `create` a request that brings none gets one, or one that brings several or anything but 1 to 128 visible characters without `"`, `\\` and `,`. Lines of the access log tell it then. [env: DOCKER_PROXY_TRACING_REQUEST_ID] [default: pass]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l tracing-context -d 'What becomes of `traceparent` and `tracestate` (W3C Trace Context): `pass` is nothing; with `create` a request without a valid `traceparent` begins a trace, which is to be sampled; with `join` dproxy besides is a place of its own in each trace: backends are told a parent id that the access log tells, too. [env: DOCKER_PROXY_TRACING_CONTEXT] [default: pass]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l tracing-answer -d 'Answers tell clients the number of their request as `x-request-id`, notice pages too; what a backend itself says under that name stays. [env: DOCKER_PROXY_TRACING_ANSWER] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l pages -d 'A directory with notice pages of your own, `error_503.html` or for any other status, and `error_default.html`. What stands in double braces is filled in: `host`, `status`, `title`, `message`, `reason`, `container`, `refresh`. Read again on `HUP`. [env: DOCKER_PROXY_PAGES]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l pages-container-names -d 'Notice pages may tell the name of the container. [env: DOCKER_PROXY_PAGES_CONTAINER_NAMES] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l pid-path -d 'The PID file of the master. It is locked: a second master that names the same one refuses to start. [env: DOCKER_PROXY_PID_PATH] [default: `docker-proxy.pid` in `directories.run`]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l log-directory -d 'Where logs go. [env: DOCKER_PROXY_LOG_DIRECTORY] [default: `/var/log/docker-proxy`; without root `docker-proxy/log` in `$XDG_STATE_HOME`]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l state-directory -d 'Where the things are that survive a restart. [env: DOCKER_PROXY_STATE_DIRECTORY] [default: `/var/lib/docker-proxy`; without root `docker-proxy` in `$XDG_STATE_HOME`]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l run-directory -d 'Where the PID file and the control socket are. [env: DOCKER_PROXY_RUN_DIRECTORY] [default: `/var/run/docker-proxy`; without root `docker-proxy` in `$XDG_RUNTIME_DIR`, else `/tmp/dproxy-<uid>`]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l store -d 'Who keeps what survives a restart: `file` is a file in `directories.state`, `memory` is nobody, and a URL like `redis://:password@host:6379/0`, `rediss://host:6380/0` (over TLS) or `redis+unix:///path` is a Redis server, of which this dproxy has a database for itself. [env: DOCKER_PROXY_STORE] [default: file]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l store-root -d 'The only authorities, as PEM, that may vouch for a Redis server at `rediss://`: for a private one. [env: DOCKER_PROXY_STORE_ROOT] [default: the authorities that this machine believes]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l api-address -d 'The address of the control API. At another one than loopback, callers must show the token of `api.token_file`. [env: DOCKER_PROXY_API_ADDRESS] [default: 127.0.0.1]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l api-port -d 'The port of the control API. [env: DOCKER_PROXY_API_PORT] [default: 16000]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l api-socket -d 'The Unix socket of the control API, which `dproxy ctl` uses. [env: DOCKER_PROXY_API_SOCKET] [default: `docker-proxy.sock` in `directories.run`]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l api-peers -d 'Users, and groups as `@GROUP`, who may ask at the Unix socket besides root and the user and group that dproxy runs as: names or numbers. Others are refused with 403, or by the mode of the socket where nobody is named here. [env: DOCKER_PROXY_API_PEERS]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l api-token-file -d 'The file with the token that callers of the API\'s port show as `Authorization: Bearer …`. It must be for its owner alone (mode 0600), and is made when it is missing. The Unix socket needs none. [env: DOCKER_PROXY_API_TOKEN_FILE] [default: `api-token` in `directories.state` where `api.address` is no loopback address, else none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l docker-endpoint -d 'Where the Docker engine is: `unix:///path`, a bare path, `tcp://host:port`, `http://host:port`, `https://host:port` or `host:port`. [env: DOCKER_HOST, DOCKER_SOCK_PATH, DOCKER_SOCKET_PATH] [default: unix:///var/run/docker.sock]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l docker-tls-verify -d 'Speaks TLS with a TCP endpoint and checks its certificate. As Docker reads it, `DOCKER_TLS_VERIFY` with any text means `true`. [env: DOCKER_TLS_VERIFY] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l docker-cert-path -d 'The directory with `ca.pem`, `cert.pem` and `key.pem` for a TLS endpoint. [env: DOCKER_CERT_PATH] [default: `~/.docker`]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l docker-address -d 'The address at which published ports are reachable, for an engine on another machine or a proxy inside a container. [env: DOCKER_PROXY_DOCKER_ADDRESS] [default: loopback]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l docker-container-addresses -d 'Containers are dialled at their own addresses. Say `true` where the networks of an engine on another machine are routed here, `false` for a Unix socket that leads to another machine. [env: DOCKER_PROXY_DOCKER_CONTAINER_ADDRESSES] [default: `true` for an engine on this machine, `false` for one behind TCP]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l docker-internal-names -d 'Every container also answers to `<container name>.internal`. [env: DOCKER_PROXY_DOCKER_INTERNAL_NAMES] [default: true]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l docker-unpublished -d 'Containers without a published port are reached at their own address and exposed or labelled port. [env: DOCKER_PROXY_DOCKER_UNPUBLISHED] [default: true]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l docker-dialects -d 'The other proxies whose labels and environment are understood on containers without label `dproxy.host`; the first that applies counts, `none` is none. [env: DOCKER_PROXY_DOCKER_DIALECTS] [default: traefik, caddy, nginx-proxy]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l timeout-request-head -d 'From the first byte of a request\'s head to its last. [env: DOCKER_PROXY_TIMEOUT_REQUEST_HEAD] [default: 10s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l timeout-handshake -d 'From the first byte of a TLS handshake to its end. [env: DOCKER_PROXY_TIMEOUT_HANDSHAKE] [default: 10s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l timeout-queue -d 'How long a request waits when all its backends have as many requests as they take; then it is answered with 503. [env: DOCKER_PROXY_TIMEOUT_QUEUE] [default: 10s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l timeout-hold -d 'How long requests wait for a container that was restarted, recreated or paused and for one that is starting, where no other serves the host; then they are answered with 503. A host that has been offline for longer is answered at once. [env: DOCKER_PROXY_TIMEOUT_HOLD] [default: 10s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l timeout-connect -d 'To open a connection to a backend; to a container on this machine never more than a second. [env: DOCKER_PROXY_TIMEOUT_CONNECT] [default: 5s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l timeout-first-byte -d 'From the whole request sent to the first byte of the backend\'s answer. [env: DOCKER_PROXY_TIMEOUT_FIRST_BYTE] [default: 60s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l timeout-idle -d 'Between two bytes of a body, either way. No timeout caps a whole body. [env: DOCKER_PROXY_TIMEOUT_IDLE] [default: 60s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l timeout-tunnel -d 'Between two bytes of a WebSocket or any other upgraded connection, either way. [env: DOCKER_PROXY_TIMEOUT_TUNNEL] [default: 1h]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l timeout-keep-alive -d 'Between two requests on a client\'s connection. [env: DOCKER_PROXY_TIMEOUT_KEEP_ALIVE] [default: 75s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l timeout-upstream-keep-alive -d 'How long an unused connection to a backend is kept. [env: DOCKER_PROXY_TIMEOUT_UPSTREAM_KEEP_ALIVE] [default: 4s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l timeout-drain -d 'How long a leaving worker may finish the requests it has. [env: DOCKER_PROXY_TIMEOUT_DRAIN] [default: 30s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l limit-head-bytes -d 'The largest head of a request or an answer, 4KiB to 16MiB. [env: DOCKER_PROXY_LIMIT_HEAD_BYTES] [default: 64KiB]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l limit-head-fields -d 'The most fields of a head, 16 to 10000. [env: DOCKER_PROXY_LIMIT_HEAD_FIELDS] [default: 128]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l limit-target-bytes -d 'The longest request target (path and query), at least 1KiB and at most `limits.head_bytes`; a longer one is answered with 414. [env: DOCKER_PROXY_LIMIT_TARGET_BYTES] [default: 16KiB]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l limit-connections -d 'The most client connections of one worker. [env: DOCKER_PROXY_LIMIT_CONNECTIONS] [default: 100000]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l limit-handshakes -d 'The most TLS handshakes that are under way at a time in one worker; another one ends the oldest. [env: DOCKER_PROXY_LIMIT_HANDSHAKES] [default: 2000]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l limit-backend-requests -d 'The most requests that a backend gets at a time, from all workers together; 0 is any number. A container says otherwise by label `dproxy.max_requests`, a route of this file by `max_requests`. [env: DOCKER_PROXY_LIMIT_BACKEND_REQUESTS] [default: 0]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l limit-queue -d 'The most requests of one worker that wait for the full backends of one route; others are answered with 503 at once. [env: DOCKER_PROXY_LIMIT_QUEUE] [default: 1000]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l limit-held -d 'The most requests of one worker that wait for containers to come back; others are answered with 503 at once. [env: DOCKER_PROXY_LIMIT_HELD] [default: 1000]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l limit-held-bytes -d 'The most memory for the requests of one worker that wait for containers to come back. Their bodies are not read meanwhile. [env: DOCKER_PROXY_LIMIT_HELD_BYTES] [default: 64MiB]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l balance -d 'How one of several backends is chosen: `p2c` (of two, the one with fewer requests under way in all workers), `round_robin`, `least_conn`, `random`, `ewma` (of two, the one that answers sooner), `hash:ip`, `hash:header:NAME` or `hash:cookie:NAME` (the same one for the same key). A container says otherwise by label `dproxy.balance`, a route of this file by `balance`. [env: DOCKER_PROXY_BALANCE] [default: p2c]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l ejection-failures -d 'A backend that fails so many requests in a row, in all workers together, gets no more for `ejection.time`: no connection, no answer in time, or none that is HTTP. Then one request tries whether it has recovered. 0 is never. [env: DOCKER_PROXY_EJECTION_FAILURES] [default: 5]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l ejection-time -d 'How long it gets none the first time; each further time that follows soon takes as much longer. [env: DOCKER_PROXY_EJECTION_TIME] [default: 10s]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l ejection-max-time -d 'No such time is longer; and after so much time without one, the next is a first one again. [env: DOCKER_PROXY_EJECTION_MAX_TIME] [default: 5min]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l ejection-share -d 'No more of a route\'s backends than this get none at a time, and never the last. Where more of them do all the same, because others have gone, all are asked. [env: DOCKER_PROXY_EJECTION_SHARE] [default: 50]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l ejection-server-errors -d 'Answers with a status of 500 or more count as failures, too. [env: DOCKER_PROXY_EJECTION_SERVER_ERRORS] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l ssl-path -d 'The directory with the TLS certificates and their keys, as PEM: `NAME.crt` and `NAME.key`, folders with `fullchain.pem` and `privkey.pem` (certbot), or both in one `NAME.pem`; `default.crt` is shown where no other fits. Changes are noticed. [env: DOCKER_PROXY_SSL_PATH, DOCKER_PROXY_SSL_DIR] [default: none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l ssl-port -d 'The public TLS port, listened on when a certificate loads. When it is set and cannot be bound then, the start fails. [env: DOCKER_PROXY_SSL_PORT] [default: 443, or 8443 with a warning where 443 cannot be bound]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l ssl-policy -d 'Which TLS is spoken with clients: `intermediate` is TLS 1.2 and 1.3, `modern` is TLS 1.3 only. [env: DOCKER_PROXY_SSL_POLICY] [default: intermediate]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l ssl-issuer -d 'Who makes the certificates of hosts that have none in `ssl.path`: `acme` is Let\'s Encrypt, or whom `acme.directory` names; `internal` is an authority of our own for development, kept in `directories.state`; `off` is nobody. A container says otherwise by label `dproxy.tls`. [env: DOCKER_PROXY_SSL_ISSUER] [default: off]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l ssl-peek -d 'Whether a client that begins with TLS at the clear port is understood, when there are certificates. [env: DOCKER_PROXY_SSL_PEEK] [default: true]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l ssl-http3 -d 'Whether HTTP/3 is spoken at the TLS port, over UDP, and clients of HTTP/1 and HTTP/2 are told so (`Alt-Svc`). In a container, publish the port for UDP too. Hosts that ask clients for certificates do so over TCP only. [env: DOCKER_PROXY_SSL_HTTP3] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l ssl-redirect -d 'Whether hosts that have a certificate send clients of the clear port to the TLS port. A container says otherwise by label `dproxy.https`. [env: DOCKER_PROXY_SSL_REDIRECT] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l ssl-hsts -d 'What hosts tell clients of TLS in `Strict-Transport-Security`, like `max-age=31536000`; `off` is nothing. A container says otherwise by label `dproxy.hsts`. [env: DOCKER_PROXY_SSL_HSTS] [default: off]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l acme-agree-to-terms -d 'Whether you agree to the terms of service of the authority, <https://letsencrypt.org/repository/> for Let\'s Encrypt. Before you do it is not asked for certificates, whatever `ssl.issuer` and labels say. [env: DOCKER_PROXY_ACME_AGREE_TO_TERMS] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l acme-email -d 'Whom the authority may write to. [env: DOCKER_PROXY_ACME_EMAIL, DEFAULT_EMAIL] [default: none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l acme-directory -d 'The directory of the authority that is asked for the certificates of hosts with `ssl.issuer` or label `dproxy.tls` `acme`. [env: DOCKER_PROXY_ACME_DIRECTORY] [default: Let\'s Encrypt]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l acme-staging -d 'Asks the staging service of Let\'s Encrypt, to try things out: its limits are wide, but no browser believes its certificates. [env: DOCKER_PROXY_ACME_STAGING] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l acme-root -d 'The only authorities, as PEM, that may vouch for the server of `acme.directory`: for a private one. [env: DOCKER_PROXY_ACME_ROOT] [default: the authorities that this machine believes]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l acme-challenge -d 'How the authority is shown that a host is ours: `http-01` is a page at port 80, `tls-alpn-01` a handshake at port 443, `dns-01` a record in the DNS, which `acme.dns_hook` writes. Hosts like `*.shop.org` are always shown in the DNS. [env: DOCKER_PROXY_ACME_CHALLENGE] [default: http-01]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l acme-dns-hook -d 'The program that writes records into the DNS. It is called with `present NAME TEXT`, and ends well once everybody can see the TXT record; and with `cleanup NAME TEXT` afterwards. [env: DOCKER_PROXY_ACME_DNS_HOOK] [default: none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l acme-dns-timeout -d 'How long `acme.dns_hook` may take before it is ended. [env: DOCKER_PROXY_ACME_DNS_TIMEOUT] [default: 5min]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l acme-shared -d 'Whether all hosts of one container, or of one route of this file, have one certificate together (up to 100). If the authority refuses that, each has its own, as it is with `false`. [env: DOCKER_PROXY_ACME_SHARED] [default: false]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l acme-on-demand -d 'Hosts like `*.customers.example.org` that get a certificate when the first client asks for them over TLS, which waits for it; there must be a route for the host. Nobody else gets one so, whoever asks. `*` needs `acme.on_demand_ask`. [env: DOCKER_PROXY_ACME_ON_DEMAND] [default: none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l acme-on-demand-ask -d 'Who else has to agree to such a certificate: a GET with `?domain=HOST` must be answered with 200, for anything else there is none. Without `acme.on_demand` it is asked about every host that there is a route for. [env: DOCKER_PROXY_ACME_ON_DEMAND_ASK] [default: nobody]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l acme-on-demand-limit -d 'So many certificates are ordered on demand within an hour at most, whoever asks. [env: DOCKER_PROXY_ACME_ON_DEMAND_LIMIT] [default: 20]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l acme-eab-kid -d 'For authorities that want to know whose customer an account belongs to (external account binding): the id of the key that they gave you. [env: DOCKER_PROXY_ACME_EAB_KID] [default: none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -l acme-eab-key-file -d 'The file with that key, in base64 as they gave it. [env: DOCKER_PROXY_ACME_EAB_KEY_FILE] [default: none]' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from schema" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from settings" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "reference" -d 'Prints a configuration file with every key, commented out'
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "show" -d 'Prints what counts, and where each value comes from'
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "schema" -d 'Prints the JSON Schema of the file, for editors that complete its keys'
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "settings" -d 'Prints the table of settings, in Markdown'
complete -c dproxy -n "__fish_dproxy_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c dproxy -n "__fish_dproxy_using_subcommand status" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand status" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand status" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand status" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand status" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand status" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand status" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand status" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand list" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand list" -l where -d 'Only the rows of which these are true: `state=online`, `requests>=10`, several with commas' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand list" -l sort -d 'In the order of these fields; `-` before one turns it around: `host,-requests`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand list" -l limit -d 'At most so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand list" -l skip -d 'Without the first so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand list" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand list" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand list" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand list" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand list" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand list" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand list" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand workers" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand workers" -l where -d 'Only the rows of which these are true: `state=online`, `requests>=10`, several with commas' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand workers" -l sort -d 'In the order of these fields; `-` before one turns it around: `host,-requests`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand workers" -l limit -d 'At most so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand workers" -l skip -d 'Without the first so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand workers" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand workers" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand workers" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand workers" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand workers" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand workers" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand workers" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand ls" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ls" -l where -d 'Only the rows of which these are true: `state=online`, `requests>=10`, several with commas' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ls" -l sort -d 'In the order of these fields; `-` before one turns it around: `host,-requests`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ls" -l limit -d 'At most so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ls" -l skip -d 'Without the first so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ls" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ls" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ls" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand ls" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand ls" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand ls" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand ls" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand describe" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand describe" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand describe" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand describe" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand describe" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand describe" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand describe" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand describe" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand health" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand health" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand health" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand health" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand health" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand health" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand health" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand top" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand top" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand top" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand top" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand top" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand top" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand top" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand resize" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand resize" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand resize" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand resize" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand resize" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand resize" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand resize" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand scale" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand scale" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand scale" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand scale" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand scale" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand scale" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand scale" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand start" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand start" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand start" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand start" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand start" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand start" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand start" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand stop" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand stop" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand stop" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand stop" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand stop" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand stop" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand stop" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand drain" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand drain" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand drain" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand drain" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand drain" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand drain" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand drain" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand restart" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand restart" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand restart" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand restart" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand restart" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand restart" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand restart" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand reload" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand reload" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand reload" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand reload" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand reload" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand reload" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand reload" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand upgrade" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand upgrade" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand upgrade" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand upgrade" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand upgrade" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand upgrade" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand upgrade" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand reset" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand reset" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand reset" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand reset" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand reset" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand reset" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand reset" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand logs" -s n -l lines -d 'How many lines' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand logs" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand logs" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand logs" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand logs" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand logs" -s f -l follow -d 'Goes on with those that follow'
complete -c dproxy -n "__fish_dproxy_using_subcommand logs" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand logs" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand logs" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand routes" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand routes" -l where -d 'Only the rows of which these are true: `state=online`, `requests>=10`, several with commas' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand routes" -l sort -d 'In the order of these fields; `-` before one turns it around: `host,-requests`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand routes" -l limit -d 'At most so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand routes" -l skip -d 'Without the first so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand routes" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand routes" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand routes" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand routes" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand routes" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand routes" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand routes" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand route; and not __fish_seen_subcommand_from add remove help" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand route; and not __fish_seen_subcommand_from add remove help" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand route; and not __fish_seen_subcommand_from add remove help" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand route; and not __fish_seen_subcommand_from add remove help" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand route; and not __fish_seen_subcommand_from add remove help" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand route; and not __fish_seen_subcommand_from add remove help" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand route; and not __fish_seen_subcommand_from add remove help" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand route; and not __fish_seen_subcommand_from add remove help" -f -a "add" -d 'One more route'
complete -c dproxy -n "__fish_dproxy_using_subcommand route; and not __fish_seen_subcommand_from add remove help" -f -a "remove" -d 'Without the routes of a host, of a path of it, or with a number'
complete -c dproxy -n "__fish_dproxy_using_subcommand route; and not __fish_seen_subcommand_from add remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c dproxy -n "__fish_dproxy_using_subcommand route; and __fish_seen_subcommand_from add" -l for -d 'How long it stays: `10m`; without, until it is removed' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand route; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand route; and __fish_seen_subcommand_from remove" -l id -d 'The number that `add` told' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand route; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand route; and __fish_seen_subcommand_from help" -f -a "add" -d 'One more route'
complete -c dproxy -n "__fish_dproxy_using_subcommand route; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Without the routes of a host, of a path of it, or with a number'
complete -c dproxy -n "__fish_dproxy_using_subcommand route; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c dproxy -n "__fish_dproxy_using_subcommand containers" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand containers" -l where -d 'Only the rows of which these are true: `state=online`, `requests>=10`, several with commas' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand containers" -l sort -d 'In the order of these fields; `-` before one turns it around: `host,-requests`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand containers" -l limit -d 'At most so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand containers" -l skip -d 'Without the first so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand containers" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand containers" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand containers" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand containers" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand containers" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand containers" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand containers" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand images" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand images" -l where -d 'Only the rows of which these are true: `state=online`, `requests>=10`, several with commas' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand images" -l sort -d 'In the order of these fields; `-` before one turns it around: `host,-requests`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand images" -l limit -d 'At most so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand images" -l skip -d 'Without the first so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand images" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand images" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand images" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand images" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand images" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand images" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand images" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand backends" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand backends" -l where -d 'Only the rows of which these are true: `state=online`, `requests>=10`, several with commas' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand backends" -l sort -d 'In the order of these fields; `-` before one turns it around: `host,-requests`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand backends" -l limit -d 'At most so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand backends" -l skip -d 'Without the first so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand backends" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand backends" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand backends" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand backends" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand backends" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand backends" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand backends" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand certs" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand certs" -l where -d 'Only the rows of which these are true: `state=online`, `requests>=10`, several with commas' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand certs" -l sort -d 'In the order of these fields; `-` before one turns it around: `host,-requests`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand certs" -l limit -d 'At most so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand certs" -l skip -d 'Without the first so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand certs" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand certs" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand certs" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand certs" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand certs" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand certs" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand certs" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand certificates" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand certificates" -l where -d 'Only the rows of which these are true: `state=online`, `requests>=10`, several with commas' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand certificates" -l sort -d 'In the order of these fields; `-` before one turns it around: `host,-requests`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand certificates" -l limit -d 'At most so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand certificates" -l skip -d 'Without the first so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand certificates" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand certificates" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand certificates" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand certificates" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand certificates" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand certificates" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand certificates" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand problems" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand problems" -l where -d 'Only the rows of which these are true: `state=online`, `requests>=10`, several with commas' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand problems" -l sort -d 'In the order of these fields; `-` before one turns it around: `host,-requests`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand problems" -l limit -d 'At most so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand problems" -l skip -d 'Without the first so many rows' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand problems" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand problems" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand problems" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand problems" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand problems" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand problems" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand problems" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand explain" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand explain" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand explain" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand explain" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand explain" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand explain" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand explain" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand explain" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand why" -s w -l watch -d 'Asks again and again, until it is ended' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand why" -l socket -d 'The control socket to ask at' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand why" -l api -d 'The address to ask at, like `http://127.0.0.1:16000`' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand why" -l token-file -d 'The file with the token of the API' -r -F
complete -c dproxy -n "__fish_dproxy_using_subcommand why" -l config -d 'The configuration file of the proxy to ask' -r
complete -c dproxy -n "__fish_dproxy_using_subcommand why" -l json -d 'Prints the answer as one JSON object'
complete -c dproxy -n "__fish_dproxy_using_subcommand why" -l no-wait -d 'Does not wait until a change is done'
complete -c dproxy -n "__fish_dproxy_using_subcommand why" -s h -l help -d 'Print help'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "master" -d 'Runs the proxy in the foreground'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "worker" -d 'Serves requests for a master, which starts it'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "doctor" -d 'Says what a worker could do to this machine if somebody took it over'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "ctl" -d 'Asks a running proxy'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "completions" -d 'Prints what completes these words in a shell'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "manual" -d 'Writes the manual pages into a directory'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "config" -d 'Prints what can be configured'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "status" -d 'The whole at a glance'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "list" -d 'Every worker'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "describe" -d 'Everything about one worker'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "health" -d 'Whether anybody serves: exit code 0 if so, as a container\'s health check wants it'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "top" -d 'Everything, live; `q` ends it'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "resize" -d 'Changes the number of workers'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "start" -d 'Starts the workers again, as many as there were'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "stop" -d 'Finishes what is under way and frees the ports; the master stays'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "restart" -d 'Replaces every worker, one by one'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "reload" -d 'Reads the configuration again'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "upgrade" -d 'Runs the program that was installed since, in the same process, without losing a request'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "reset" -d 'Counts restarts from zero, and tries at once the workers that do not come up'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "logs" -d 'The last lines of the master\'s log'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "routes" -d 'Every route'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "route" -d 'Adds and removes routes by hand'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "containers" -d 'Every container'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "images" -d 'Every image that containers are of'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "backends" -d 'Every backend'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "certs" -d 'Every certificate, and until when it is valid'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "problems" -d 'Everything that should be mended'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "explain" -d 'What becomes of a request, and why'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "why" -d 'Why a container is, or is not, routed'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and not __fish_seen_subcommand_from master worker doctor ctl completions manual config status list describe health top resize start stop restart reload upgrade reset logs routes route containers images backends certs problems explain why help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "status" -d 'The whole at a glance'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "list" -d 'Every worker'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "describe" -d 'Everything about one worker'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "health" -d 'Whether anybody serves: exit code 0 if so, as a container\'s health check wants it'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "top" -d 'Everything, live; `q` ends it'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "resize" -d 'Changes the number of workers'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "start" -d 'Starts the workers again, as many as there were'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "stop" -d 'Finishes what is under way and frees the ports; the master stays'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "restart" -d 'Replaces every worker, one by one'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "reload" -d 'Reads the configuration again'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "upgrade" -d 'Runs the program that was installed since, in the same process, without losing a request'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "reset" -d 'Counts restarts from zero, and tries at once the workers that do not come up'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "logs" -d 'The last lines of the master\'s log'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "routes" -d 'Every route'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "route" -d 'Adds and removes routes by hand'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "containers" -d 'Every container'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "images" -d 'Every image that containers are of'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "backends" -d 'Every backend'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "certs" -d 'Every certificate, and until when it is valid'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "problems" -d 'Everything that should be mended'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "explain" -d 'What becomes of a request, and why'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "why" -d 'Why a container is, or is not, routed'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "reference" -d 'Prints a configuration file with every key, commented out'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "show" -d 'Prints what counts, and where each value comes from'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "schema" -d 'Prints the JSON Schema of the file, for editors that complete its keys'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "settings" -d 'Prints the table of settings, in Markdown'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from route" -f -a "add" -d 'One more route'
complete -c dproxy -n "__fish_dproxy_using_subcommand help; and __fish_seen_subcommand_from route" -f -a "remove" -d 'Without the routes of a host, of a path of it, or with a number'
