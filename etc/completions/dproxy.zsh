#compdef dproxy

autoload -U is-at-least

_dproxy() {
    typeset -A opt_args
    typeset -a _arguments_options
    local ret=1

    if is-at-least 5.2; then
        _arguments_options=(-s -S -C)
    else
        _arguments_options=(-s -C)
    fi

    local context curcontext="$curcontext" state line
    _arguments "${_arguments_options[@]}" : \
'-h[Print help]' \
'--help[Print help]' \
'-V[Print version]' \
'--version[Print version]' \
":: :_dproxy_commands" \
"*::: :->dproxy" \
&& ret=0
    case $state in
    (dproxy)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:dproxy-command-$line[1]:"
        case $line[1] in
            (master)
_arguments "${_arguments_options[@]}" : \
'--config=[The configuration file; a directory means \`docker-proxy.yaml\` in it. A file named here must exist. \[env\: DOCKER_PROXY_CONFIG_PATH, DOCKER_PROXY_CONFIG_FILE_PATH\] \[default\: \`/etc/docker-proxy/docker-proxy.yaml\`, else \`/etc/dproxy.yml\`, else none\]]:PATH:_default' \
'--port=[The public port. When it is set and cannot be bound, the start fails. \[env\: DOCKER_PROXY_PORT, PORT\] \[default\: 80, or 8080 with a warning where 80 cannot be bound\]]:PORT:_default' \
'*--hostname=[The addresses of this machine that the public port is bound at\: IP addresses, \`localhost\` for 127.0.0.1, or \`*\` for all. \`HOST\` counts only when it is an IP address. \[env\: DOCKER_PROXY_HOSTNAME, DOCKER_PROXY_ADDRESS, HOST\] \[default\: 0.0.0.0, \:\:\]]:ADDRESS:_default' \
'--workers=[How many worker processes serve requests, 1 to 1024. \[env\: DOCKER_PROXY_WORKER_LIMIT\] \[default\: the number of CPUs this process may use\]]:COUNT:_default' \
'--worker-silent=[Keeps what the workers write out of the master'\''s log. \[env\: DOCKER_PROXY_WORKER_SILENT\] \[default\: false\]]::BOOL:_default' \
'--max-memory=[A worker that has grown beyond this much memory is replaced without losing a request, one worker at a time\: a size like \`256MiB\`. \[env\: DOCKER_PROXY_MAX_MEMORY\] \[default\: no limit\]]:SIZE:_default' \
'--worker-user=[The user that workers run as when root starts dproxy\: a name, or numbers like \`1000\:1000\`. Without root it does nothing. \[env\: DOCKER_PROXY_WORKER_USER\] \[default\: \`dproxy\` if there is such a user, else \`nobody\`\]]:USER:_default' \
'--sandbox=[Landlock and seccomp take from workers what they never need\: files, other programs, listening. \`dproxy doctor\` says what holds here. \[env\: DOCKER_PROXY_SANDBOX\] \[default\: true\]]::BOOL:_default' \
'--server-name=[The name of this proxy, sent to backends as \`x-forwarded-server\`. \[env\: DOCKER_PROXY_SERVER_NAME\] \[default\: the machine'\''s host name\]]:NAME:_default' \
'*--trusted=[Networks (\`10.0.0.0/8\`) or addresses of proxies in front of this one, whose \`x-forwarded-*\` headers are believed. Everybody else'\''s are replaced. \[env\: DOCKER_PROXY_TRUSTED\]]:NETWORK:_default' \
'*--proxy-protocol=[Networks (\`10.0.0.0/8\`) or addresses of proxies in front of this one whose connections all begin with the PROXY protocol, version 1 or 2. It tells who the client is; a connection of theirs without it is closed. Everybody else'\''s is no announcement. \[env\: DOCKER_PROXY_PROXY_PROTOCOL\]]:NETWORK:_default' \
'--www-fallback=[A name that begins with \`www.\` and that nothing else serves is served as the name behind it. \[env\: DOCKER_PROXY_WWW_FALLBACK\] \[default\: true\]]::BOOL:_default' \
'--log-level=[How much is logged\: \`error\`, \`warn\`, \`info\`, \`debug\` or \`trace\`. \[env\: DOCKER_PROXY_LOG_LEVEL\] \[default\: info\]]:LEVEL:_default' \
'--access-log=[The file that gets a line for each request, or \`stdout\`. A file is opened again on \`USR1\`. \[env\: DOCKER_PROXY_ACCESS_LOG\]]:PATH:_default' \
'--access-log-format=[What a line of the access log looks like\: \`combined\` as Apache writes it, \`full\` for that with host and milliseconds behind it, \`hipache\` for that with host and the seconds of request and backend, or \`json\`. Where \`tracing\` creates them, request id and trace id end each line. \[env\: DOCKER_PROXY_ACCESS_LOG_FORMAT\] \[default\: full\]]:FORMAT:_default' \
'*--access-log-fields=[What each line of \`json\` tells; all where none is named\: \`time\`, \`client\`, \`forwarded_for\`, \`method\`, \`scheme\`, \`host\`, \`target\`, \`protocol\`, \`referer\`, \`user_agent\`, \`request_id\`, \`trace_id\`, \`span_id\`, \`status\`, \`bytes\`, \`duration_ms\`, \`backend\`, \`backend_ms\`. \[env\: DOCKER_PROXY_ACCESS_LOG_FIELDS\]]:FIELD:_default' \
'--access-log-sample=[How many requests get a line\: \`on\` for all, a share like \`0.1\` or \`10%\` by chance, or \`off\` for none. With a share, even \`0\`, whatever is answered with a status of 500 or more gets one always. A container says otherwise by label \`dproxy.access_log\`, a route of this file by \`access_log\`. \[env\: DOCKER_PROXY_ACCESS_LOG_SAMPLE\] \[default\: on\]]:SHARE:_default' \
'--access-log-max-size=[When the file of the access log has so many bytes, it is renamed, \`.1\` behind its name, and another one begun; \`0\` is never. \[env\: DOCKER_PROXY_ACCESS_LOG_MAX_SIZE\] \[default\: 100MiB\]]:BYTES:_default' \
'--access-log-max-age=[When the file of the access log is so old (\`1d\`, \`12h\`), another one is begun; nothing is never. \[env\: DOCKER_PROXY_ACCESS_LOG_MAX_AGE\]]:TIME:_default' \
'--access-log-keep=[So many old files of the access log stay, the newest as \`.1\`. \[env\: DOCKER_PROXY_ACCESS_LOG_KEEP\] \[default\: 10\]]:NUMBER:_default' \
'--tracing-request-id=[What becomes of \`x-request-id\`\: \`pass\` is nothing; with \`create\` a request that brings none gets one, or one that brings several or anything but 1 to 128 visible characters without \`"\`, \`\\\` and \`,\`. Lines of the access log tell it then. \[env\: DOCKER_PROXY_TRACING_REQUEST_ID\] \[default\: pass\]]:MODE:_default' \
'--tracing-context=[What becomes of \`traceparent\` and \`tracestate\` (W3C Trace Context)\: \`pass\` is nothing; with \`create\` a request without a valid \`traceparent\` begins a trace, which is to be sampled; with \`join\` dproxy besides is a place of its own in each trace\: backends are told a parent id that the access log tells, too. \[env\: DOCKER_PROXY_TRACING_CONTEXT\] \[default\: pass\]]:MODE:_default' \
'--tracing-answer=[Answers tell clients the number of their request as \`x-request-id\`, notice pages too; what a backend itself says under that name stays. \[env\: DOCKER_PROXY_TRACING_ANSWER\] \[default\: false\]]::BOOL:_default' \
'--pages=[A directory with notice pages of your own, \`error_503.html\` or for any other status, and \`error_default.html\`. What stands in double braces is filled in\: \`host\`, \`status\`, \`title\`, \`message\`, \`reason\`, \`container\`, \`refresh\`. Read again on \`HUP\`. \[env\: DOCKER_PROXY_PAGES\]]:PATH:_default' \
'--pages-container-names=[Notice pages may tell the name of the container. \[env\: DOCKER_PROXY_PAGES_CONTAINER_NAMES\] \[default\: false\]]::BOOL:_default' \
'--pid-path=[The PID file of the master. It is locked\: a second master that names the same one refuses to start. \[env\: DOCKER_PROXY_PID_PATH\] \[default\: \`docker-proxy.pid\` in \`directories.run\`\]]:PATH:_default' \
'--log-directory=[Where logs go. \[env\: DOCKER_PROXY_LOG_DIRECTORY\] \[default\: \`/var/log/docker-proxy\`; without root \`docker-proxy/log\` in \`\$XDG_STATE_HOME\`\]]:PATH:_default' \
'--state-directory=[Where the things are that survive a restart. \[env\: DOCKER_PROXY_STATE_DIRECTORY\] \[default\: \`/var/lib/docker-proxy\`; without root \`docker-proxy\` in \`\$XDG_STATE_HOME\`\]]:PATH:_default' \
'--run-directory=[Where the PID file and the control socket are. \[env\: DOCKER_PROXY_RUN_DIRECTORY\] \[default\: \`/var/run/docker-proxy\`; without root \`docker-proxy\` in \`\$XDG_RUNTIME_DIR\`, else \`/tmp/dproxy-<uid>\`\]]:PATH:_default' \
'--store=[Who keeps what survives a restart\: \`file\` is a file in \`directories.state\`, \`memory\` is nobody, and a URL like \`redis\://\:password@host\:6379/0\`, \`rediss\://host\:6380/0\` (over TLS) or \`redis+unix\:///path\` is a Redis server, of which this dproxy has a database for itself. \[env\: DOCKER_PROXY_STORE\] \[default\: file\]]:STORE:_default' \
'--store-root=[The only authorities, as PEM, that may vouch for a Redis server at \`rediss\://\`\: for a private one. \[env\: DOCKER_PROXY_STORE_ROOT\] \[default\: the authorities that this machine believes\]]:FILE:_default' \
'--api-address=[The address of the control API. At another one than loopback, callers must show the token of \`api.token_file\`. \[env\: DOCKER_PROXY_API_ADDRESS\] \[default\: 127.0.0.1\]]:ADDRESS:_default' \
'--api-port=[The port of the control API. \[env\: DOCKER_PROXY_API_PORT\] \[default\: 16000\]]:PORT:_default' \
'--api-socket=[The Unix socket of the control API, which \`dproxy ctl\` uses. \[env\: DOCKER_PROXY_API_SOCKET\] \[default\: \`docker-proxy.sock\` in \`directories.run\`\]]:PATH:_default' \
'*--api-peers=[Users, and groups as \`@GROUP\`, who may ask at the Unix socket besides root and the user and group that dproxy runs as\: names or numbers. Others are refused with 403, or by the mode of the socket where nobody is named here. \[env\: DOCKER_PROXY_API_PEERS\]]:USER:_default' \
'--api-token-file=[The file with the token that callers of the API'\''s port show as \`Authorization\: Bearer …\`. It must be for its owner alone (mode 0600), and is made when it is missing. The Unix socket needs none. \[env\: DOCKER_PROXY_API_TOKEN_FILE\] \[default\: \`api-token\` in \`directories.state\` where \`api.address\` is no loopback address, else none\]]:PATH:_default' \
'--docker-endpoint=[Where the Docker engine is\: \`unix\:///path\`, a bare path, \`tcp\://host\:port\`, \`http\://host\:port\`, \`https\://host\:port\` or \`host\:port\`. \[env\: DOCKER_HOST, DOCKER_SOCK_PATH, DOCKER_SOCKET_PATH\] \[default\: unix\:///var/run/docker.sock\]]:ENDPOINT:_default' \
'--docker-tls-verify=[Speaks TLS with a TCP endpoint and checks its certificate. As Docker reads it, \`DOCKER_TLS_VERIFY\` with any text means \`true\`. \[env\: DOCKER_TLS_VERIFY\] \[default\: false\]]::BOOL:_default' \
'--docker-cert-path=[The directory with \`ca.pem\`, \`cert.pem\` and \`key.pem\` for a TLS endpoint. \[env\: DOCKER_CERT_PATH\] \[default\: \`~/.docker\`\]]:PATH:_default' \
'--docker-address=[The address at which published ports are reachable, for an engine on another machine or a proxy inside a container. \[env\: DOCKER_PROXY_DOCKER_ADDRESS\] \[default\: loopback\]]:ADDRESS:_default' \
'--docker-container-addresses=[Containers are dialled at their own addresses. Say \`true\` where the networks of an engine on another machine are routed here, \`false\` for a Unix socket that leads to another machine. \[env\: DOCKER_PROXY_DOCKER_CONTAINER_ADDRESSES\] \[default\: \`true\` for an engine on this machine, \`false\` for one behind TCP\]]::BOOL:_default' \
'--docker-internal-names=[Every container also answers to \`<container name>.internal\`. \[env\: DOCKER_PROXY_DOCKER_INTERNAL_NAMES\] \[default\: true\]]::BOOL:_default' \
'--docker-unpublished=[Containers without a published port are reached at their own address and exposed or labelled port. \[env\: DOCKER_PROXY_DOCKER_UNPUBLISHED\] \[default\: true\]]::BOOL:_default' \
'*--docker-dialects=[The other proxies whose labels and environment are understood on containers without label \`dproxy.host\`; the first that applies counts, \`none\` is none. \[env\: DOCKER_PROXY_DOCKER_DIALECTS\] \[default\: traefik, caddy, nginx-proxy\]]:NAME:_default' \
'--timeout-request-head=[From the first byte of a request'\''s head to its last. \[env\: DOCKER_PROXY_TIMEOUT_REQUEST_HEAD\] \[default\: 10s\]]:TIME:_default' \
'--timeout-handshake=[From the first byte of a TLS handshake to its end. \[env\: DOCKER_PROXY_TIMEOUT_HANDSHAKE\] \[default\: 10s\]]:TIME:_default' \
'--timeout-queue=[How long a request waits when all its backends have as many requests as they take; then it is answered with 503. \[env\: DOCKER_PROXY_TIMEOUT_QUEUE\] \[default\: 10s\]]:TIME:_default' \
'--timeout-hold=[How long requests wait for a container that was restarted, recreated or paused and for one that is starting, where no other serves the host; then they are answered with 503. A host that has been offline for longer is answered at once. \[env\: DOCKER_PROXY_TIMEOUT_HOLD\] \[default\: 10s\]]:TIME:_default' \
'--timeout-connect=[To open a connection to a backend; to a container on this machine never more than a second. \[env\: DOCKER_PROXY_TIMEOUT_CONNECT\] \[default\: 5s\]]:TIME:_default' \
'--timeout-first-byte=[From the whole request sent to the first byte of the backend'\''s answer. \[env\: DOCKER_PROXY_TIMEOUT_FIRST_BYTE\] \[default\: 60s\]]:TIME:_default' \
'--timeout-idle=[Between two bytes of a body, either way. No timeout caps a whole body. \[env\: DOCKER_PROXY_TIMEOUT_IDLE\] \[default\: 60s\]]:TIME:_default' \
'--timeout-tunnel=[Between two bytes of a WebSocket or any other upgraded connection, either way. \[env\: DOCKER_PROXY_TIMEOUT_TUNNEL\] \[default\: 1h\]]:TIME:_default' \
'--timeout-keep-alive=[Between two requests on a client'\''s connection. \[env\: DOCKER_PROXY_TIMEOUT_KEEP_ALIVE\] \[default\: 75s\]]:TIME:_default' \
'--timeout-upstream-keep-alive=[How long an unused connection to a backend is kept. \[env\: DOCKER_PROXY_TIMEOUT_UPSTREAM_KEEP_ALIVE\] \[default\: 4s\]]:TIME:_default' \
'--timeout-drain=[How long a leaving worker may finish the requests it has. \[env\: DOCKER_PROXY_TIMEOUT_DRAIN\] \[default\: 30s\]]:TIME:_default' \
'--limit-head-bytes=[The largest head of a request or an answer, 4KiB to 16MiB. \[env\: DOCKER_PROXY_LIMIT_HEAD_BYTES\] \[default\: 64KiB\]]:SIZE:_default' \
'--limit-head-fields=[The most fields of a head, 16 to 10000. \[env\: DOCKER_PROXY_LIMIT_HEAD_FIELDS\] \[default\: 128\]]:COUNT:_default' \
'--limit-target-bytes=[The longest request target (path and query), at least 1KiB and at most \`limits.head_bytes\`; a longer one is answered with 414. \[env\: DOCKER_PROXY_LIMIT_TARGET_BYTES\] \[default\: 16KiB\]]:SIZE:_default' \
'--limit-connections=[The most client connections of one worker. \[env\: DOCKER_PROXY_LIMIT_CONNECTIONS\] \[default\: 100000\]]:COUNT:_default' \
'--limit-handshakes=[The most TLS handshakes that are under way at a time in one worker; another one ends the oldest. \[env\: DOCKER_PROXY_LIMIT_HANDSHAKES\] \[default\: 2000\]]:COUNT:_default' \
'--limit-backend-requests=[The most requests that a backend gets at a time, from all workers together; 0 is any number. A container says otherwise by label \`dproxy.max_requests\`, a route of this file by \`max_requests\`. \[env\: DOCKER_PROXY_LIMIT_BACKEND_REQUESTS\] \[default\: 0\]]:COUNT:_default' \
'--limit-queue=[The most requests of one worker that wait for the full backends of one route; others are answered with 503 at once. \[env\: DOCKER_PROXY_LIMIT_QUEUE\] \[default\: 1000\]]:COUNT:_default' \
'--limit-held=[The most requests of one worker that wait for containers to come back; others are answered with 503 at once. \[env\: DOCKER_PROXY_LIMIT_HELD\] \[default\: 1000\]]:COUNT:_default' \
'--limit-held-bytes=[The most memory for the requests of one worker that wait for containers to come back. Their bodies are not read meanwhile. \[env\: DOCKER_PROXY_LIMIT_HELD_BYTES\] \[default\: 64MiB\]]:SIZE:_default' \
'--balance=[How one of several backends is chosen\: \`p2c\` (of two, the one with fewer requests under way in all workers), \`round_robin\`, \`least_conn\`, \`random\`, \`ewma\` (of two, the one that answers sooner), \`hash\:ip\`, \`hash\:header\:NAME\` or \`hash\:cookie\:NAME\` (the same one for the same key). A container says otherwise by label \`dproxy.balance\`, a route of this file by \`balance\`. \[env\: DOCKER_PROXY_BALANCE\] \[default\: p2c\]]:ALGORITHM:_default' \
'--ejection-failures=[A backend that fails so many requests in a row, in all workers together, gets no more for \`ejection.time\`\: no connection, no answer in time, or none that is HTTP. Then one request tries whether it has recovered. 0 is never. \[env\: DOCKER_PROXY_EJECTION_FAILURES\] \[default\: 5\]]:COUNT:_default' \
'--ejection-time=[How long it gets none the first time; each further time that follows soon takes as much longer. \[env\: DOCKER_PROXY_EJECTION_TIME\] \[default\: 10s\]]:TIME:_default' \
'--ejection-max-time=[No such time is longer; and after so much time without one, the next is a first one again. \[env\: DOCKER_PROXY_EJECTION_MAX_TIME\] \[default\: 5min\]]:TIME:_default' \
'--ejection-share=[No more of a route'\''s backends than this get none at a time, and never the last. Where more of them do all the same, because others have gone, all are asked. \[env\: DOCKER_PROXY_EJECTION_SHARE\] \[default\: 50\]]:PERCENT:_default' \
'--ejection-server-errors=[Answers with a status of 500 or more count as failures, too. \[env\: DOCKER_PROXY_EJECTION_SERVER_ERRORS\] \[default\: false\]]::BOOL:_default' \
'--ssl-path=[The directory with the TLS certificates and their keys, as PEM\: \`NAME.crt\` and \`NAME.key\`, folders with \`fullchain.pem\` and \`privkey.pem\` (certbot), or both in one \`NAME.pem\`; \`default.crt\` is shown where no other fits. Changes are noticed. \[env\: DOCKER_PROXY_SSL_PATH, DOCKER_PROXY_SSL_DIR\] \[default\: none\]]:PATH:_default' \
'--ssl-port=[The public TLS port, listened on when a certificate loads. When it is set and cannot be bound then, the start fails. \[env\: DOCKER_PROXY_SSL_PORT\] \[default\: 443, or 8443 with a warning where 443 cannot be bound\]]:PORT:_default' \
'--ssl-policy=[Which TLS is spoken with clients\: \`intermediate\` is TLS 1.2 and 1.3, \`modern\` is TLS 1.3 only. \[env\: DOCKER_PROXY_SSL_POLICY\] \[default\: intermediate\]]:POLICY:_default' \
'--ssl-issuer=[Who makes the certificates of hosts that have none in \`ssl.path\`\: \`acme\` is Let'\''s Encrypt, or whom \`acme.directory\` names; \`internal\` is an authority of our own for development, kept in \`directories.state\`; \`off\` is nobody. A container says otherwise by label \`dproxy.tls\`. \[env\: DOCKER_PROXY_SSL_ISSUER\] \[default\: off\]]:ISSUER:_default' \
'--ssl-peek=[Whether a client that begins with TLS at the clear port is understood, when there are certificates. \[env\: DOCKER_PROXY_SSL_PEEK\] \[default\: true\]]::BOOL:_default' \
'--ssl-http3=[Whether HTTP/3 is spoken at the TLS port, over UDP, and clients of HTTP/1 and HTTP/2 are told so (\`Alt-Svc\`). In a container, publish the port for UDP too. Hosts that ask clients for certificates do so over TCP only. \[env\: DOCKER_PROXY_SSL_HTTP3\] \[default\: false\]]::BOOL:_default' \
'--ssl-redirect=[Whether hosts that have a certificate send clients of the clear port to the TLS port. A container says otherwise by label \`dproxy.https\`. \[env\: DOCKER_PROXY_SSL_REDIRECT\] \[default\: false\]]::BOOL:_default' \
'--ssl-hsts=[What hosts tell clients of TLS in \`Strict-Transport-Security\`, like \`max-age=31536000\`; \`off\` is nothing. A container says otherwise by label \`dproxy.hsts\`. \[env\: DOCKER_PROXY_SSL_HSTS\] \[default\: off\]]:VALUE:_default' \
'--acme-agree-to-terms=[Whether you agree to the terms of service of the authority, <https\://letsencrypt.org/repository/> for Let'\''s Encrypt. Before you do it is not asked for certificates, whatever \`ssl.issuer\` and labels say. \[env\: DOCKER_PROXY_ACME_AGREE_TO_TERMS\] \[default\: false\]]::BOOL:_default' \
'--acme-email=[Whom the authority may write to. \[env\: DOCKER_PROXY_ACME_EMAIL, DEFAULT_EMAIL\] \[default\: none\]]:ADDRESS:_default' \
'--acme-directory=[The directory of the authority that is asked for the certificates of hosts with \`ssl.issuer\` or label \`dproxy.tls\` \`acme\`. \[env\: DOCKER_PROXY_ACME_DIRECTORY\] \[default\: Let'\''s Encrypt\]]:URL:_default' \
'--acme-staging=[Asks the staging service of Let'\''s Encrypt, to try things out\: its limits are wide, but no browser believes its certificates. \[env\: DOCKER_PROXY_ACME_STAGING\] \[default\: false\]]::BOOL:_default' \
'--acme-root=[The only authorities, as PEM, that may vouch for the server of \`acme.directory\`\: for a private one. \[env\: DOCKER_PROXY_ACME_ROOT\] \[default\: the authorities that this machine believes\]]:FILE:_default' \
'--acme-challenge=[How the authority is shown that a host is ours\: \`http-01\` is a page at port 80, \`tls-alpn-01\` a handshake at port 443, \`dns-01\` a record in the DNS, which \`acme.dns_hook\` writes. Hosts like \`*.shop.org\` are always shown in the DNS. \[env\: DOCKER_PROXY_ACME_CHALLENGE\] \[default\: http-01\]]:CHALLENGE:_default' \
'--acme-dns-hook=[The program that writes records into the DNS. It is called with \`present NAME TEXT\`, and ends well once everybody can see the TXT record; and with \`cleanup NAME TEXT\` afterwards. \[env\: DOCKER_PROXY_ACME_DNS_HOOK\] \[default\: none\]]:PROGRAM:_default' \
'--acme-dns-timeout=[How long \`acme.dns_hook\` may take before it is ended. \[env\: DOCKER_PROXY_ACME_DNS_TIMEOUT\] \[default\: 5min\]]:TIME:_default' \
'--acme-shared=[Whether all hosts of one container, or of one route of this file, have one certificate together (up to 100). If the authority refuses that, each has its own, as it is with \`false\`. \[env\: DOCKER_PROXY_ACME_SHARED\] \[default\: false\]]::BOOL:_default' \
'*--acme-on-demand=[Hosts like \`*.customers.example.org\` that get a certificate when the first client asks for them over TLS, which waits for it; there must be a route for the host. Nobody else gets one so, whoever asks. \`*\` needs \`acme.on_demand_ask\`. \[env\: DOCKER_PROXY_ACME_ON_DEMAND\] \[default\: none\]]:HOSTS:_default' \
'--acme-on-demand-ask=[Who else has to agree to such a certificate\: a GET with \`?domain=HOST\` must be answered with 200, for anything else there is none. Without \`acme.on_demand\` it is asked about every host that there is a route for. \[env\: DOCKER_PROXY_ACME_ON_DEMAND_ASK\] \[default\: nobody\]]:URL:_default' \
'--acme-on-demand-limit=[So many certificates are ordered on demand within an hour at most, whoever asks. \[env\: DOCKER_PROXY_ACME_ON_DEMAND_LIMIT\] \[default\: 20\]]:NUMBER:_default' \
'--acme-eab-kid=[For authorities that want to know whose customer an account belongs to (external account binding)\: the id of the key that they gave you. \[env\: DOCKER_PROXY_ACME_EAB_KID\] \[default\: none\]]:ID:_default' \
'--acme-eab-key-file=[The file with that key, in base64 as they gave it. \[env\: DOCKER_PROXY_ACME_EAB_KEY_FILE\] \[default\: none\]]:FILE:_default' \
'--check[Says whether the configuration makes sense, and exits with 0 or 78]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(worker)
_arguments "${_arguments_options[@]}" : \
'--user=[]:UID:GID:_default' \
'--sandbox=[]:BOOL:(true false)' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(doctor)
_arguments "${_arguments_options[@]}" : \
'--config=[The configuration file; a directory means \`docker-proxy.yaml\` in it. A file named here must exist. \[env\: DOCKER_PROXY_CONFIG_PATH, DOCKER_PROXY_CONFIG_FILE_PATH\] \[default\: \`/etc/docker-proxy/docker-proxy.yaml\`, else \`/etc/dproxy.yml\`, else none\]]:PATH:_default' \
'--port=[The public port. When it is set and cannot be bound, the start fails. \[env\: DOCKER_PROXY_PORT, PORT\] \[default\: 80, or 8080 with a warning where 80 cannot be bound\]]:PORT:_default' \
'*--hostname=[The addresses of this machine that the public port is bound at\: IP addresses, \`localhost\` for 127.0.0.1, or \`*\` for all. \`HOST\` counts only when it is an IP address. \[env\: DOCKER_PROXY_HOSTNAME, DOCKER_PROXY_ADDRESS, HOST\] \[default\: 0.0.0.0, \:\:\]]:ADDRESS:_default' \
'--workers=[How many worker processes serve requests, 1 to 1024. \[env\: DOCKER_PROXY_WORKER_LIMIT\] \[default\: the number of CPUs this process may use\]]:COUNT:_default' \
'--worker-silent=[Keeps what the workers write out of the master'\''s log. \[env\: DOCKER_PROXY_WORKER_SILENT\] \[default\: false\]]::BOOL:_default' \
'--max-memory=[A worker that has grown beyond this much memory is replaced without losing a request, one worker at a time\: a size like \`256MiB\`. \[env\: DOCKER_PROXY_MAX_MEMORY\] \[default\: no limit\]]:SIZE:_default' \
'--worker-user=[The user that workers run as when root starts dproxy\: a name, or numbers like \`1000\:1000\`. Without root it does nothing. \[env\: DOCKER_PROXY_WORKER_USER\] \[default\: \`dproxy\` if there is such a user, else \`nobody\`\]]:USER:_default' \
'--sandbox=[Landlock and seccomp take from workers what they never need\: files, other programs, listening. \`dproxy doctor\` says what holds here. \[env\: DOCKER_PROXY_SANDBOX\] \[default\: true\]]::BOOL:_default' \
'--server-name=[The name of this proxy, sent to backends as \`x-forwarded-server\`. \[env\: DOCKER_PROXY_SERVER_NAME\] \[default\: the machine'\''s host name\]]:NAME:_default' \
'*--trusted=[Networks (\`10.0.0.0/8\`) or addresses of proxies in front of this one, whose \`x-forwarded-*\` headers are believed. Everybody else'\''s are replaced. \[env\: DOCKER_PROXY_TRUSTED\]]:NETWORK:_default' \
'*--proxy-protocol=[Networks (\`10.0.0.0/8\`) or addresses of proxies in front of this one whose connections all begin with the PROXY protocol, version 1 or 2. It tells who the client is; a connection of theirs without it is closed. Everybody else'\''s is no announcement. \[env\: DOCKER_PROXY_PROXY_PROTOCOL\]]:NETWORK:_default' \
'--www-fallback=[A name that begins with \`www.\` and that nothing else serves is served as the name behind it. \[env\: DOCKER_PROXY_WWW_FALLBACK\] \[default\: true\]]::BOOL:_default' \
'--log-level=[How much is logged\: \`error\`, \`warn\`, \`info\`, \`debug\` or \`trace\`. \[env\: DOCKER_PROXY_LOG_LEVEL\] \[default\: info\]]:LEVEL:_default' \
'--access-log=[The file that gets a line for each request, or \`stdout\`. A file is opened again on \`USR1\`. \[env\: DOCKER_PROXY_ACCESS_LOG\]]:PATH:_default' \
'--access-log-format=[What a line of the access log looks like\: \`combined\` as Apache writes it, \`full\` for that with host and milliseconds behind it, \`hipache\` for that with host and the seconds of request and backend, or \`json\`. Where \`tracing\` creates them, request id and trace id end each line. \[env\: DOCKER_PROXY_ACCESS_LOG_FORMAT\] \[default\: full\]]:FORMAT:_default' \
'*--access-log-fields=[What each line of \`json\` tells; all where none is named\: \`time\`, \`client\`, \`forwarded_for\`, \`method\`, \`scheme\`, \`host\`, \`target\`, \`protocol\`, \`referer\`, \`user_agent\`, \`request_id\`, \`trace_id\`, \`span_id\`, \`status\`, \`bytes\`, \`duration_ms\`, \`backend\`, \`backend_ms\`. \[env\: DOCKER_PROXY_ACCESS_LOG_FIELDS\]]:FIELD:_default' \
'--access-log-sample=[How many requests get a line\: \`on\` for all, a share like \`0.1\` or \`10%\` by chance, or \`off\` for none. With a share, even \`0\`, whatever is answered with a status of 500 or more gets one always. A container says otherwise by label \`dproxy.access_log\`, a route of this file by \`access_log\`. \[env\: DOCKER_PROXY_ACCESS_LOG_SAMPLE\] \[default\: on\]]:SHARE:_default' \
'--access-log-max-size=[When the file of the access log has so many bytes, it is renamed, \`.1\` behind its name, and another one begun; \`0\` is never. \[env\: DOCKER_PROXY_ACCESS_LOG_MAX_SIZE\] \[default\: 100MiB\]]:BYTES:_default' \
'--access-log-max-age=[When the file of the access log is so old (\`1d\`, \`12h\`), another one is begun; nothing is never. \[env\: DOCKER_PROXY_ACCESS_LOG_MAX_AGE\]]:TIME:_default' \
'--access-log-keep=[So many old files of the access log stay, the newest as \`.1\`. \[env\: DOCKER_PROXY_ACCESS_LOG_KEEP\] \[default\: 10\]]:NUMBER:_default' \
'--tracing-request-id=[What becomes of \`x-request-id\`\: \`pass\` is nothing; with \`create\` a request that brings none gets one, or one that brings several or anything but 1 to 128 visible characters without \`"\`, \`\\\` and \`,\`. Lines of the access log tell it then. \[env\: DOCKER_PROXY_TRACING_REQUEST_ID\] \[default\: pass\]]:MODE:_default' \
'--tracing-context=[What becomes of \`traceparent\` and \`tracestate\` (W3C Trace Context)\: \`pass\` is nothing; with \`create\` a request without a valid \`traceparent\` begins a trace, which is to be sampled; with \`join\` dproxy besides is a place of its own in each trace\: backends are told a parent id that the access log tells, too. \[env\: DOCKER_PROXY_TRACING_CONTEXT\] \[default\: pass\]]:MODE:_default' \
'--tracing-answer=[Answers tell clients the number of their request as \`x-request-id\`, notice pages too; what a backend itself says under that name stays. \[env\: DOCKER_PROXY_TRACING_ANSWER\] \[default\: false\]]::BOOL:_default' \
'--pages=[A directory with notice pages of your own, \`error_503.html\` or for any other status, and \`error_default.html\`. What stands in double braces is filled in\: \`host\`, \`status\`, \`title\`, \`message\`, \`reason\`, \`container\`, \`refresh\`. Read again on \`HUP\`. \[env\: DOCKER_PROXY_PAGES\]]:PATH:_default' \
'--pages-container-names=[Notice pages may tell the name of the container. \[env\: DOCKER_PROXY_PAGES_CONTAINER_NAMES\] \[default\: false\]]::BOOL:_default' \
'--pid-path=[The PID file of the master. It is locked\: a second master that names the same one refuses to start. \[env\: DOCKER_PROXY_PID_PATH\] \[default\: \`docker-proxy.pid\` in \`directories.run\`\]]:PATH:_default' \
'--log-directory=[Where logs go. \[env\: DOCKER_PROXY_LOG_DIRECTORY\] \[default\: \`/var/log/docker-proxy\`; without root \`docker-proxy/log\` in \`\$XDG_STATE_HOME\`\]]:PATH:_default' \
'--state-directory=[Where the things are that survive a restart. \[env\: DOCKER_PROXY_STATE_DIRECTORY\] \[default\: \`/var/lib/docker-proxy\`; without root \`docker-proxy\` in \`\$XDG_STATE_HOME\`\]]:PATH:_default' \
'--run-directory=[Where the PID file and the control socket are. \[env\: DOCKER_PROXY_RUN_DIRECTORY\] \[default\: \`/var/run/docker-proxy\`; without root \`docker-proxy\` in \`\$XDG_RUNTIME_DIR\`, else \`/tmp/dproxy-<uid>\`\]]:PATH:_default' \
'--store=[Who keeps what survives a restart\: \`file\` is a file in \`directories.state\`, \`memory\` is nobody, and a URL like \`redis\://\:password@host\:6379/0\`, \`rediss\://host\:6380/0\` (over TLS) or \`redis+unix\:///path\` is a Redis server, of which this dproxy has a database for itself. \[env\: DOCKER_PROXY_STORE\] \[default\: file\]]:STORE:_default' \
'--store-root=[The only authorities, as PEM, that may vouch for a Redis server at \`rediss\://\`\: for a private one. \[env\: DOCKER_PROXY_STORE_ROOT\] \[default\: the authorities that this machine believes\]]:FILE:_default' \
'--api-address=[The address of the control API. At another one than loopback, callers must show the token of \`api.token_file\`. \[env\: DOCKER_PROXY_API_ADDRESS\] \[default\: 127.0.0.1\]]:ADDRESS:_default' \
'--api-port=[The port of the control API. \[env\: DOCKER_PROXY_API_PORT\] \[default\: 16000\]]:PORT:_default' \
'--api-socket=[The Unix socket of the control API, which \`dproxy ctl\` uses. \[env\: DOCKER_PROXY_API_SOCKET\] \[default\: \`docker-proxy.sock\` in \`directories.run\`\]]:PATH:_default' \
'*--api-peers=[Users, and groups as \`@GROUP\`, who may ask at the Unix socket besides root and the user and group that dproxy runs as\: names or numbers. Others are refused with 403, or by the mode of the socket where nobody is named here. \[env\: DOCKER_PROXY_API_PEERS\]]:USER:_default' \
'--api-token-file=[The file with the token that callers of the API'\''s port show as \`Authorization\: Bearer …\`. It must be for its owner alone (mode 0600), and is made when it is missing. The Unix socket needs none. \[env\: DOCKER_PROXY_API_TOKEN_FILE\] \[default\: \`api-token\` in \`directories.state\` where \`api.address\` is no loopback address, else none\]]:PATH:_default' \
'--docker-endpoint=[Where the Docker engine is\: \`unix\:///path\`, a bare path, \`tcp\://host\:port\`, \`http\://host\:port\`, \`https\://host\:port\` or \`host\:port\`. \[env\: DOCKER_HOST, DOCKER_SOCK_PATH, DOCKER_SOCKET_PATH\] \[default\: unix\:///var/run/docker.sock\]]:ENDPOINT:_default' \
'--docker-tls-verify=[Speaks TLS with a TCP endpoint and checks its certificate. As Docker reads it, \`DOCKER_TLS_VERIFY\` with any text means \`true\`. \[env\: DOCKER_TLS_VERIFY\] \[default\: false\]]::BOOL:_default' \
'--docker-cert-path=[The directory with \`ca.pem\`, \`cert.pem\` and \`key.pem\` for a TLS endpoint. \[env\: DOCKER_CERT_PATH\] \[default\: \`~/.docker\`\]]:PATH:_default' \
'--docker-address=[The address at which published ports are reachable, for an engine on another machine or a proxy inside a container. \[env\: DOCKER_PROXY_DOCKER_ADDRESS\] \[default\: loopback\]]:ADDRESS:_default' \
'--docker-container-addresses=[Containers are dialled at their own addresses. Say \`true\` where the networks of an engine on another machine are routed here, \`false\` for a Unix socket that leads to another machine. \[env\: DOCKER_PROXY_DOCKER_CONTAINER_ADDRESSES\] \[default\: \`true\` for an engine on this machine, \`false\` for one behind TCP\]]::BOOL:_default' \
'--docker-internal-names=[Every container also answers to \`<container name>.internal\`. \[env\: DOCKER_PROXY_DOCKER_INTERNAL_NAMES\] \[default\: true\]]::BOOL:_default' \
'--docker-unpublished=[Containers without a published port are reached at their own address and exposed or labelled port. \[env\: DOCKER_PROXY_DOCKER_UNPUBLISHED\] \[default\: true\]]::BOOL:_default' \
'*--docker-dialects=[The other proxies whose labels and environment are understood on containers without label \`dproxy.host\`; the first that applies counts, \`none\` is none. \[env\: DOCKER_PROXY_DOCKER_DIALECTS\] \[default\: traefik, caddy, nginx-proxy\]]:NAME:_default' \
'--timeout-request-head=[From the first byte of a request'\''s head to its last. \[env\: DOCKER_PROXY_TIMEOUT_REQUEST_HEAD\] \[default\: 10s\]]:TIME:_default' \
'--timeout-handshake=[From the first byte of a TLS handshake to its end. \[env\: DOCKER_PROXY_TIMEOUT_HANDSHAKE\] \[default\: 10s\]]:TIME:_default' \
'--timeout-queue=[How long a request waits when all its backends have as many requests as they take; then it is answered with 503. \[env\: DOCKER_PROXY_TIMEOUT_QUEUE\] \[default\: 10s\]]:TIME:_default' \
'--timeout-hold=[How long requests wait for a container that was restarted, recreated or paused and for one that is starting, where no other serves the host; then they are answered with 503. A host that has been offline for longer is answered at once. \[env\: DOCKER_PROXY_TIMEOUT_HOLD\] \[default\: 10s\]]:TIME:_default' \
'--timeout-connect=[To open a connection to a backend; to a container on this machine never more than a second. \[env\: DOCKER_PROXY_TIMEOUT_CONNECT\] \[default\: 5s\]]:TIME:_default' \
'--timeout-first-byte=[From the whole request sent to the first byte of the backend'\''s answer. \[env\: DOCKER_PROXY_TIMEOUT_FIRST_BYTE\] \[default\: 60s\]]:TIME:_default' \
'--timeout-idle=[Between two bytes of a body, either way. No timeout caps a whole body. \[env\: DOCKER_PROXY_TIMEOUT_IDLE\] \[default\: 60s\]]:TIME:_default' \
'--timeout-tunnel=[Between two bytes of a WebSocket or any other upgraded connection, either way. \[env\: DOCKER_PROXY_TIMEOUT_TUNNEL\] \[default\: 1h\]]:TIME:_default' \
'--timeout-keep-alive=[Between two requests on a client'\''s connection. \[env\: DOCKER_PROXY_TIMEOUT_KEEP_ALIVE\] \[default\: 75s\]]:TIME:_default' \
'--timeout-upstream-keep-alive=[How long an unused connection to a backend is kept. \[env\: DOCKER_PROXY_TIMEOUT_UPSTREAM_KEEP_ALIVE\] \[default\: 4s\]]:TIME:_default' \
'--timeout-drain=[How long a leaving worker may finish the requests it has. \[env\: DOCKER_PROXY_TIMEOUT_DRAIN\] \[default\: 30s\]]:TIME:_default' \
'--limit-head-bytes=[The largest head of a request or an answer, 4KiB to 16MiB. \[env\: DOCKER_PROXY_LIMIT_HEAD_BYTES\] \[default\: 64KiB\]]:SIZE:_default' \
'--limit-head-fields=[The most fields of a head, 16 to 10000. \[env\: DOCKER_PROXY_LIMIT_HEAD_FIELDS\] \[default\: 128\]]:COUNT:_default' \
'--limit-target-bytes=[The longest request target (path and query), at least 1KiB and at most \`limits.head_bytes\`; a longer one is answered with 414. \[env\: DOCKER_PROXY_LIMIT_TARGET_BYTES\] \[default\: 16KiB\]]:SIZE:_default' \
'--limit-connections=[The most client connections of one worker. \[env\: DOCKER_PROXY_LIMIT_CONNECTIONS\] \[default\: 100000\]]:COUNT:_default' \
'--limit-handshakes=[The most TLS handshakes that are under way at a time in one worker; another one ends the oldest. \[env\: DOCKER_PROXY_LIMIT_HANDSHAKES\] \[default\: 2000\]]:COUNT:_default' \
'--limit-backend-requests=[The most requests that a backend gets at a time, from all workers together; 0 is any number. A container says otherwise by label \`dproxy.max_requests\`, a route of this file by \`max_requests\`. \[env\: DOCKER_PROXY_LIMIT_BACKEND_REQUESTS\] \[default\: 0\]]:COUNT:_default' \
'--limit-queue=[The most requests of one worker that wait for the full backends of one route; others are answered with 503 at once. \[env\: DOCKER_PROXY_LIMIT_QUEUE\] \[default\: 1000\]]:COUNT:_default' \
'--limit-held=[The most requests of one worker that wait for containers to come back; others are answered with 503 at once. \[env\: DOCKER_PROXY_LIMIT_HELD\] \[default\: 1000\]]:COUNT:_default' \
'--limit-held-bytes=[The most memory for the requests of one worker that wait for containers to come back. Their bodies are not read meanwhile. \[env\: DOCKER_PROXY_LIMIT_HELD_BYTES\] \[default\: 64MiB\]]:SIZE:_default' \
'--balance=[How one of several backends is chosen\: \`p2c\` (of two, the one with fewer requests under way in all workers), \`round_robin\`, \`least_conn\`, \`random\`, \`ewma\` (of two, the one that answers sooner), \`hash\:ip\`, \`hash\:header\:NAME\` or \`hash\:cookie\:NAME\` (the same one for the same key). A container says otherwise by label \`dproxy.balance\`, a route of this file by \`balance\`. \[env\: DOCKER_PROXY_BALANCE\] \[default\: p2c\]]:ALGORITHM:_default' \
'--ejection-failures=[A backend that fails so many requests in a row, in all workers together, gets no more for \`ejection.time\`\: no connection, no answer in time, or none that is HTTP. Then one request tries whether it has recovered. 0 is never. \[env\: DOCKER_PROXY_EJECTION_FAILURES\] \[default\: 5\]]:COUNT:_default' \
'--ejection-time=[How long it gets none the first time; each further time that follows soon takes as much longer. \[env\: DOCKER_PROXY_EJECTION_TIME\] \[default\: 10s\]]:TIME:_default' \
'--ejection-max-time=[No such time is longer; and after so much time without one, the next is a first one again. \[env\: DOCKER_PROXY_EJECTION_MAX_TIME\] \[default\: 5min\]]:TIME:_default' \
'--ejection-share=[No more of a route'\''s backends than this get none at a time, and never the last. Where more of them do all the same, because others have gone, all are asked. \[env\: DOCKER_PROXY_EJECTION_SHARE\] \[default\: 50\]]:PERCENT:_default' \
'--ejection-server-errors=[Answers with a status of 500 or more count as failures, too. \[env\: DOCKER_PROXY_EJECTION_SERVER_ERRORS\] \[default\: false\]]::BOOL:_default' \
'--ssl-path=[The directory with the TLS certificates and their keys, as PEM\: \`NAME.crt\` and \`NAME.key\`, folders with \`fullchain.pem\` and \`privkey.pem\` (certbot), or both in one \`NAME.pem\`; \`default.crt\` is shown where no other fits. Changes are noticed. \[env\: DOCKER_PROXY_SSL_PATH, DOCKER_PROXY_SSL_DIR\] \[default\: none\]]:PATH:_default' \
'--ssl-port=[The public TLS port, listened on when a certificate loads. When it is set and cannot be bound then, the start fails. \[env\: DOCKER_PROXY_SSL_PORT\] \[default\: 443, or 8443 with a warning where 443 cannot be bound\]]:PORT:_default' \
'--ssl-policy=[Which TLS is spoken with clients\: \`intermediate\` is TLS 1.2 and 1.3, \`modern\` is TLS 1.3 only. \[env\: DOCKER_PROXY_SSL_POLICY\] \[default\: intermediate\]]:POLICY:_default' \
'--ssl-issuer=[Who makes the certificates of hosts that have none in \`ssl.path\`\: \`acme\` is Let'\''s Encrypt, or whom \`acme.directory\` names; \`internal\` is an authority of our own for development, kept in \`directories.state\`; \`off\` is nobody. A container says otherwise by label \`dproxy.tls\`. \[env\: DOCKER_PROXY_SSL_ISSUER\] \[default\: off\]]:ISSUER:_default' \
'--ssl-peek=[Whether a client that begins with TLS at the clear port is understood, when there are certificates. \[env\: DOCKER_PROXY_SSL_PEEK\] \[default\: true\]]::BOOL:_default' \
'--ssl-http3=[Whether HTTP/3 is spoken at the TLS port, over UDP, and clients of HTTP/1 and HTTP/2 are told so (\`Alt-Svc\`). In a container, publish the port for UDP too. Hosts that ask clients for certificates do so over TCP only. \[env\: DOCKER_PROXY_SSL_HTTP3\] \[default\: false\]]::BOOL:_default' \
'--ssl-redirect=[Whether hosts that have a certificate send clients of the clear port to the TLS port. A container says otherwise by label \`dproxy.https\`. \[env\: DOCKER_PROXY_SSL_REDIRECT\] \[default\: false\]]::BOOL:_default' \
'--ssl-hsts=[What hosts tell clients of TLS in \`Strict-Transport-Security\`, like \`max-age=31536000\`; \`off\` is nothing. A container says otherwise by label \`dproxy.hsts\`. \[env\: DOCKER_PROXY_SSL_HSTS\] \[default\: off\]]:VALUE:_default' \
'--acme-agree-to-terms=[Whether you agree to the terms of service of the authority, <https\://letsencrypt.org/repository/> for Let'\''s Encrypt. Before you do it is not asked for certificates, whatever \`ssl.issuer\` and labels say. \[env\: DOCKER_PROXY_ACME_AGREE_TO_TERMS\] \[default\: false\]]::BOOL:_default' \
'--acme-email=[Whom the authority may write to. \[env\: DOCKER_PROXY_ACME_EMAIL, DEFAULT_EMAIL\] \[default\: none\]]:ADDRESS:_default' \
'--acme-directory=[The directory of the authority that is asked for the certificates of hosts with \`ssl.issuer\` or label \`dproxy.tls\` \`acme\`. \[env\: DOCKER_PROXY_ACME_DIRECTORY\] \[default\: Let'\''s Encrypt\]]:URL:_default' \
'--acme-staging=[Asks the staging service of Let'\''s Encrypt, to try things out\: its limits are wide, but no browser believes its certificates. \[env\: DOCKER_PROXY_ACME_STAGING\] \[default\: false\]]::BOOL:_default' \
'--acme-root=[The only authorities, as PEM, that may vouch for the server of \`acme.directory\`\: for a private one. \[env\: DOCKER_PROXY_ACME_ROOT\] \[default\: the authorities that this machine believes\]]:FILE:_default' \
'--acme-challenge=[How the authority is shown that a host is ours\: \`http-01\` is a page at port 80, \`tls-alpn-01\` a handshake at port 443, \`dns-01\` a record in the DNS, which \`acme.dns_hook\` writes. Hosts like \`*.shop.org\` are always shown in the DNS. \[env\: DOCKER_PROXY_ACME_CHALLENGE\] \[default\: http-01\]]:CHALLENGE:_default' \
'--acme-dns-hook=[The program that writes records into the DNS. It is called with \`present NAME TEXT\`, and ends well once everybody can see the TXT record; and with \`cleanup NAME TEXT\` afterwards. \[env\: DOCKER_PROXY_ACME_DNS_HOOK\] \[default\: none\]]:PROGRAM:_default' \
'--acme-dns-timeout=[How long \`acme.dns_hook\` may take before it is ended. \[env\: DOCKER_PROXY_ACME_DNS_TIMEOUT\] \[default\: 5min\]]:TIME:_default' \
'--acme-shared=[Whether all hosts of one container, or of one route of this file, have one certificate together (up to 100). If the authority refuses that, each has its own, as it is with \`false\`. \[env\: DOCKER_PROXY_ACME_SHARED\] \[default\: false\]]::BOOL:_default' \
'*--acme-on-demand=[Hosts like \`*.customers.example.org\` that get a certificate when the first client asks for them over TLS, which waits for it; there must be a route for the host. Nobody else gets one so, whoever asks. \`*\` needs \`acme.on_demand_ask\`. \[env\: DOCKER_PROXY_ACME_ON_DEMAND\] \[default\: none\]]:HOSTS:_default' \
'--acme-on-demand-ask=[Who else has to agree to such a certificate\: a GET with \`?domain=HOST\` must be answered with 200, for anything else there is none. Without \`acme.on_demand\` it is asked about every host that there is a route for. \[env\: DOCKER_PROXY_ACME_ON_DEMAND_ASK\] \[default\: nobody\]]:URL:_default' \
'--acme-on-demand-limit=[So many certificates are ordered on demand within an hour at most, whoever asks. \[env\: DOCKER_PROXY_ACME_ON_DEMAND_LIMIT\] \[default\: 20\]]:NUMBER:_default' \
'--acme-eab-kid=[For authorities that want to know whose customer an account belongs to (external account binding)\: the id of the key that they gave you. \[env\: DOCKER_PROXY_ACME_EAB_KID\] \[default\: none\]]:ID:_default' \
'--acme-eab-key-file=[The file with that key, in base64 as they gave it. \[env\: DOCKER_PROXY_ACME_EAB_KEY_FILE\] \[default\: none\]]:FILE:_default' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(ctl)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_dproxy__subcmd__ctl_commands" \
"*::: :->ctl" \
&& ret=0

    case $state in
    (ctl)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:dproxy-ctl-command-$line[1]:"
        case $line[1] in
            (status)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'--where=[Only the rows of which these are true\: \`state=online\`, \`requests>=10\`, several with commas]:CONDITIONS:_default' \
'--sort=[In the order of these fields; \`-\` before one turns it around\: \`host,-requests\`]:FIELDS:_default' \
'--limit=[At most so many rows]:COUNT:_default' \
'--skip=[Without the first so many rows]:COUNT:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(workers)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'--where=[Only the rows of which these are true\: \`state=online\`, \`requests>=10\`, several with commas]:CONDITIONS:_default' \
'--sort=[In the order of these fields; \`-\` before one turns it around\: \`host,-requests\`]:FIELDS:_default' \
'--limit=[At most so many rows]:COUNT:_default' \
'--skip=[Without the first so many rows]:COUNT:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(ls)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'--where=[Only the rows of which these are true\: \`state=online\`, \`requests>=10\`, several with commas]:CONDITIONS:_default' \
'--sort=[In the order of these fields; \`-\` before one turns it around\: \`host,-requests\`]:FIELDS:_default' \
'--limit=[At most so many rows]:COUNT:_default' \
'--skip=[Without the first so many rows]:COUNT:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(describe)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
':slot -- As `list` shows it:_default' \
&& ret=0
;;
(health)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(top)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(resize)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
':size:_default' \
&& ret=0
;;
(scale)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
':size:_default' \
&& ret=0
;;
(start)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(stop)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(drain)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(restart)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(reload)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(upgrade)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(reset)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(logs)
_arguments "${_arguments_options[@]}" : \
'-n+[How many lines]:COUNT:_default' \
'--lines=[How many lines]:COUNT:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'-f[Goes on with those that follow]' \
'--follow[Goes on with those that follow]' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(routes)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'--where=[Only the rows of which these are true\: \`state=online\`, \`requests>=10\`, several with commas]:CONDITIONS:_default' \
'--sort=[In the order of these fields; \`-\` before one turns it around\: \`host,-requests\`]:FIELDS:_default' \
'--limit=[At most so many rows]:COUNT:_default' \
'--skip=[Without the first so many rows]:COUNT:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(route)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_dproxy__subcmd__ctl__subcmd__route_commands" \
"*::: :->route" \
&& ret=0

    case $state in
    (route)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:dproxy-ctl-route-command-$line[1]:"
        case $line[1] in
            (add)
_arguments "${_arguments_options[@]}" : \
'--for=[How long it stays\: \`10m\`; without, until it is removed]:TIME:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
':place -- A host, or a path of it\: `shop.example.com/api`, `*.example.com`:_default' \
'*::backends -- Where it leads\: `10.0.0.5\:8080`, `https\://10.0.0.5\:8443` or `h2c\://10.0.0.5\:8080`:_default' \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
'--id=[The number that \`add\` told]:NUMBER:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
'::place -- A host, or a path of it\: `shop.example.com/api`, `*.example.com`:_default' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_dproxy__subcmd__ctl__subcmd__route__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:dproxy-ctl-route-help-command-$line[1]:"
        case $line[1] in
            (add)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(containers)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'--where=[Only the rows of which these are true\: \`state=online\`, \`requests>=10\`, several with commas]:CONDITIONS:_default' \
'--sort=[In the order of these fields; \`-\` before one turns it around\: \`host,-requests\`]:FIELDS:_default' \
'--limit=[At most so many rows]:COUNT:_default' \
'--skip=[Without the first so many rows]:COUNT:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(images)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'--where=[Only the rows of which these are true\: \`state=online\`, \`requests>=10\`, several with commas]:CONDITIONS:_default' \
'--sort=[In the order of these fields; \`-\` before one turns it around\: \`host,-requests\`]:FIELDS:_default' \
'--limit=[At most so many rows]:COUNT:_default' \
'--skip=[Without the first so many rows]:COUNT:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(backends)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'--where=[Only the rows of which these are true\: \`state=online\`, \`requests>=10\`, several with commas]:CONDITIONS:_default' \
'--sort=[In the order of these fields; \`-\` before one turns it around\: \`host,-requests\`]:FIELDS:_default' \
'--limit=[At most so many rows]:COUNT:_default' \
'--skip=[Without the first so many rows]:COUNT:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(certs)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'--where=[Only the rows of which these are true\: \`state=online\`, \`requests>=10\`, several with commas]:CONDITIONS:_default' \
'--sort=[In the order of these fields; \`-\` before one turns it around\: \`host,-requests\`]:FIELDS:_default' \
'--limit=[At most so many rows]:COUNT:_default' \
'--skip=[Without the first so many rows]:COUNT:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(certificates)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'--where=[Only the rows of which these are true\: \`state=online\`, \`requests>=10\`, several with commas]:CONDITIONS:_default' \
'--sort=[In the order of these fields; \`-\` before one turns it around\: \`host,-requests\`]:FIELDS:_default' \
'--limit=[At most so many rows]:COUNT:_default' \
'--skip=[Without the first so many rows]:COUNT:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(problems)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'--where=[Only the rows of which these are true\: \`state=online\`, \`requests>=10\`, several with commas]:CONDITIONS:_default' \
'--sort=[In the order of these fields; \`-\` before one turns it around\: \`host,-requests\`]:FIELDS:_default' \
'--limit=[At most so many rows]:COUNT:_default' \
'--skip=[Without the first so many rows]:COUNT:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(explain)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
':url -- As a client would ask for it\: `https\://shop.example.com/path`:_default' \
&& ret=0
;;
(why)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
':container -- Its name, its id, or the beginning of its id:_default' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_dproxy__subcmd__ctl__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:dproxy-ctl-help-command-$line[1]:"
        case $line[1] in
            (status)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(describe)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(health)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(top)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(resize)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(start)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(stop)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(restart)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(reload)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(upgrade)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(reset)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(logs)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(routes)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(route)
_arguments "${_arguments_options[@]}" : \
":: :_dproxy__subcmd__ctl__subcmd__help__subcmd__route_commands" \
"*::: :->route" \
&& ret=0

    case $state in
    (route)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:dproxy-ctl-help-route-command-$line[1]:"
        case $line[1] in
            (add)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(containers)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(images)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(backends)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(certs)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(problems)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(explain)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(why)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(completions)
_arguments "${_arguments_options[@]}" : \
'-h[Print help]' \
'--help[Print help]' \
':shell:(bash elvish fish powershell zsh)' \
&& ret=0
;;
(manual)
_arguments "${_arguments_options[@]}" : \
'-h[Print help]' \
'--help[Print help]' \
':directory:_files' \
&& ret=0
;;
(config)
_arguments "${_arguments_options[@]}" : \
'-h[Print help]' \
'--help[Print help]' \
":: :_dproxy__subcmd__config_commands" \
"*::: :->config" \
&& ret=0

    case $state in
    (config)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:dproxy-config-command-$line[1]:"
        case $line[1] in
            (reference)
_arguments "${_arguments_options[@]}" : \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(show)
_arguments "${_arguments_options[@]}" : \
'--config=[The configuration file; a directory means \`docker-proxy.yaml\` in it. A file named here must exist. \[env\: DOCKER_PROXY_CONFIG_PATH, DOCKER_PROXY_CONFIG_FILE_PATH\] \[default\: \`/etc/docker-proxy/docker-proxy.yaml\`, else \`/etc/dproxy.yml\`, else none\]]:PATH:_default' \
'--port=[The public port. When it is set and cannot be bound, the start fails. \[env\: DOCKER_PROXY_PORT, PORT\] \[default\: 80, or 8080 with a warning where 80 cannot be bound\]]:PORT:_default' \
'*--hostname=[The addresses of this machine that the public port is bound at\: IP addresses, \`localhost\` for 127.0.0.1, or \`*\` for all. \`HOST\` counts only when it is an IP address. \[env\: DOCKER_PROXY_HOSTNAME, DOCKER_PROXY_ADDRESS, HOST\] \[default\: 0.0.0.0, \:\:\]]:ADDRESS:_default' \
'--workers=[How many worker processes serve requests, 1 to 1024. \[env\: DOCKER_PROXY_WORKER_LIMIT\] \[default\: the number of CPUs this process may use\]]:COUNT:_default' \
'--worker-silent=[Keeps what the workers write out of the master'\''s log. \[env\: DOCKER_PROXY_WORKER_SILENT\] \[default\: false\]]::BOOL:_default' \
'--max-memory=[A worker that has grown beyond this much memory is replaced without losing a request, one worker at a time\: a size like \`256MiB\`. \[env\: DOCKER_PROXY_MAX_MEMORY\] \[default\: no limit\]]:SIZE:_default' \
'--worker-user=[The user that workers run as when root starts dproxy\: a name, or numbers like \`1000\:1000\`. Without root it does nothing. \[env\: DOCKER_PROXY_WORKER_USER\] \[default\: \`dproxy\` if there is such a user, else \`nobody\`\]]:USER:_default' \
'--sandbox=[Landlock and seccomp take from workers what they never need\: files, other programs, listening. \`dproxy doctor\` says what holds here. \[env\: DOCKER_PROXY_SANDBOX\] \[default\: true\]]::BOOL:_default' \
'--server-name=[The name of this proxy, sent to backends as \`x-forwarded-server\`. \[env\: DOCKER_PROXY_SERVER_NAME\] \[default\: the machine'\''s host name\]]:NAME:_default' \
'*--trusted=[Networks (\`10.0.0.0/8\`) or addresses of proxies in front of this one, whose \`x-forwarded-*\` headers are believed. Everybody else'\''s are replaced. \[env\: DOCKER_PROXY_TRUSTED\]]:NETWORK:_default' \
'*--proxy-protocol=[Networks (\`10.0.0.0/8\`) or addresses of proxies in front of this one whose connections all begin with the PROXY protocol, version 1 or 2. It tells who the client is; a connection of theirs without it is closed. Everybody else'\''s is no announcement. \[env\: DOCKER_PROXY_PROXY_PROTOCOL\]]:NETWORK:_default' \
'--www-fallback=[A name that begins with \`www.\` and that nothing else serves is served as the name behind it. \[env\: DOCKER_PROXY_WWW_FALLBACK\] \[default\: true\]]::BOOL:_default' \
'--log-level=[How much is logged\: \`error\`, \`warn\`, \`info\`, \`debug\` or \`trace\`. \[env\: DOCKER_PROXY_LOG_LEVEL\] \[default\: info\]]:LEVEL:_default' \
'--access-log=[The file that gets a line for each request, or \`stdout\`. A file is opened again on \`USR1\`. \[env\: DOCKER_PROXY_ACCESS_LOG\]]:PATH:_default' \
'--access-log-format=[What a line of the access log looks like\: \`combined\` as Apache writes it, \`full\` for that with host and milliseconds behind it, \`hipache\` for that with host and the seconds of request and backend, or \`json\`. Where \`tracing\` creates them, request id and trace id end each line. \[env\: DOCKER_PROXY_ACCESS_LOG_FORMAT\] \[default\: full\]]:FORMAT:_default' \
'*--access-log-fields=[What each line of \`json\` tells; all where none is named\: \`time\`, \`client\`, \`forwarded_for\`, \`method\`, \`scheme\`, \`host\`, \`target\`, \`protocol\`, \`referer\`, \`user_agent\`, \`request_id\`, \`trace_id\`, \`span_id\`, \`status\`, \`bytes\`, \`duration_ms\`, \`backend\`, \`backend_ms\`. \[env\: DOCKER_PROXY_ACCESS_LOG_FIELDS\]]:FIELD:_default' \
'--access-log-sample=[How many requests get a line\: \`on\` for all, a share like \`0.1\` or \`10%\` by chance, or \`off\` for none. With a share, even \`0\`, whatever is answered with a status of 500 or more gets one always. A container says otherwise by label \`dproxy.access_log\`, a route of this file by \`access_log\`. \[env\: DOCKER_PROXY_ACCESS_LOG_SAMPLE\] \[default\: on\]]:SHARE:_default' \
'--access-log-max-size=[When the file of the access log has so many bytes, it is renamed, \`.1\` behind its name, and another one begun; \`0\` is never. \[env\: DOCKER_PROXY_ACCESS_LOG_MAX_SIZE\] \[default\: 100MiB\]]:BYTES:_default' \
'--access-log-max-age=[When the file of the access log is so old (\`1d\`, \`12h\`), another one is begun; nothing is never. \[env\: DOCKER_PROXY_ACCESS_LOG_MAX_AGE\]]:TIME:_default' \
'--access-log-keep=[So many old files of the access log stay, the newest as \`.1\`. \[env\: DOCKER_PROXY_ACCESS_LOG_KEEP\] \[default\: 10\]]:NUMBER:_default' \
'--tracing-request-id=[What becomes of \`x-request-id\`\: \`pass\` is nothing; with \`create\` a request that brings none gets one, or one that brings several or anything but 1 to 128 visible characters without \`"\`, \`\\\` and \`,\`. Lines of the access log tell it then. \[env\: DOCKER_PROXY_TRACING_REQUEST_ID\] \[default\: pass\]]:MODE:_default' \
'--tracing-context=[What becomes of \`traceparent\` and \`tracestate\` (W3C Trace Context)\: \`pass\` is nothing; with \`create\` a request without a valid \`traceparent\` begins a trace, which is to be sampled; with \`join\` dproxy besides is a place of its own in each trace\: backends are told a parent id that the access log tells, too. \[env\: DOCKER_PROXY_TRACING_CONTEXT\] \[default\: pass\]]:MODE:_default' \
'--tracing-answer=[Answers tell clients the number of their request as \`x-request-id\`, notice pages too; what a backend itself says under that name stays. \[env\: DOCKER_PROXY_TRACING_ANSWER\] \[default\: false\]]::BOOL:_default' \
'--pages=[A directory with notice pages of your own, \`error_503.html\` or for any other status, and \`error_default.html\`. What stands in double braces is filled in\: \`host\`, \`status\`, \`title\`, \`message\`, \`reason\`, \`container\`, \`refresh\`. Read again on \`HUP\`. \[env\: DOCKER_PROXY_PAGES\]]:PATH:_default' \
'--pages-container-names=[Notice pages may tell the name of the container. \[env\: DOCKER_PROXY_PAGES_CONTAINER_NAMES\] \[default\: false\]]::BOOL:_default' \
'--pid-path=[The PID file of the master. It is locked\: a second master that names the same one refuses to start. \[env\: DOCKER_PROXY_PID_PATH\] \[default\: \`docker-proxy.pid\` in \`directories.run\`\]]:PATH:_default' \
'--log-directory=[Where logs go. \[env\: DOCKER_PROXY_LOG_DIRECTORY\] \[default\: \`/var/log/docker-proxy\`; without root \`docker-proxy/log\` in \`\$XDG_STATE_HOME\`\]]:PATH:_default' \
'--state-directory=[Where the things are that survive a restart. \[env\: DOCKER_PROXY_STATE_DIRECTORY\] \[default\: \`/var/lib/docker-proxy\`; without root \`docker-proxy\` in \`\$XDG_STATE_HOME\`\]]:PATH:_default' \
'--run-directory=[Where the PID file and the control socket are. \[env\: DOCKER_PROXY_RUN_DIRECTORY\] \[default\: \`/var/run/docker-proxy\`; without root \`docker-proxy\` in \`\$XDG_RUNTIME_DIR\`, else \`/tmp/dproxy-<uid>\`\]]:PATH:_default' \
'--store=[Who keeps what survives a restart\: \`file\` is a file in \`directories.state\`, \`memory\` is nobody, and a URL like \`redis\://\:password@host\:6379/0\`, \`rediss\://host\:6380/0\` (over TLS) or \`redis+unix\:///path\` is a Redis server, of which this dproxy has a database for itself. \[env\: DOCKER_PROXY_STORE\] \[default\: file\]]:STORE:_default' \
'--store-root=[The only authorities, as PEM, that may vouch for a Redis server at \`rediss\://\`\: for a private one. \[env\: DOCKER_PROXY_STORE_ROOT\] \[default\: the authorities that this machine believes\]]:FILE:_default' \
'--api-address=[The address of the control API. At another one than loopback, callers must show the token of \`api.token_file\`. \[env\: DOCKER_PROXY_API_ADDRESS\] \[default\: 127.0.0.1\]]:ADDRESS:_default' \
'--api-port=[The port of the control API. \[env\: DOCKER_PROXY_API_PORT\] \[default\: 16000\]]:PORT:_default' \
'--api-socket=[The Unix socket of the control API, which \`dproxy ctl\` uses. \[env\: DOCKER_PROXY_API_SOCKET\] \[default\: \`docker-proxy.sock\` in \`directories.run\`\]]:PATH:_default' \
'*--api-peers=[Users, and groups as \`@GROUP\`, who may ask at the Unix socket besides root and the user and group that dproxy runs as\: names or numbers. Others are refused with 403, or by the mode of the socket where nobody is named here. \[env\: DOCKER_PROXY_API_PEERS\]]:USER:_default' \
'--api-token-file=[The file with the token that callers of the API'\''s port show as \`Authorization\: Bearer …\`. It must be for its owner alone (mode 0600), and is made when it is missing. The Unix socket needs none. \[env\: DOCKER_PROXY_API_TOKEN_FILE\] \[default\: \`api-token\` in \`directories.state\` where \`api.address\` is no loopback address, else none\]]:PATH:_default' \
'--docker-endpoint=[Where the Docker engine is\: \`unix\:///path\`, a bare path, \`tcp\://host\:port\`, \`http\://host\:port\`, \`https\://host\:port\` or \`host\:port\`. \[env\: DOCKER_HOST, DOCKER_SOCK_PATH, DOCKER_SOCKET_PATH\] \[default\: unix\:///var/run/docker.sock\]]:ENDPOINT:_default' \
'--docker-tls-verify=[Speaks TLS with a TCP endpoint and checks its certificate. As Docker reads it, \`DOCKER_TLS_VERIFY\` with any text means \`true\`. \[env\: DOCKER_TLS_VERIFY\] \[default\: false\]]::BOOL:_default' \
'--docker-cert-path=[The directory with \`ca.pem\`, \`cert.pem\` and \`key.pem\` for a TLS endpoint. \[env\: DOCKER_CERT_PATH\] \[default\: \`~/.docker\`\]]:PATH:_default' \
'--docker-address=[The address at which published ports are reachable, for an engine on another machine or a proxy inside a container. \[env\: DOCKER_PROXY_DOCKER_ADDRESS\] \[default\: loopback\]]:ADDRESS:_default' \
'--docker-container-addresses=[Containers are dialled at their own addresses. Say \`true\` where the networks of an engine on another machine are routed here, \`false\` for a Unix socket that leads to another machine. \[env\: DOCKER_PROXY_DOCKER_CONTAINER_ADDRESSES\] \[default\: \`true\` for an engine on this machine, \`false\` for one behind TCP\]]::BOOL:_default' \
'--docker-internal-names=[Every container also answers to \`<container name>.internal\`. \[env\: DOCKER_PROXY_DOCKER_INTERNAL_NAMES\] \[default\: true\]]::BOOL:_default' \
'--docker-unpublished=[Containers without a published port are reached at their own address and exposed or labelled port. \[env\: DOCKER_PROXY_DOCKER_UNPUBLISHED\] \[default\: true\]]::BOOL:_default' \
'*--docker-dialects=[The other proxies whose labels and environment are understood on containers without label \`dproxy.host\`; the first that applies counts, \`none\` is none. \[env\: DOCKER_PROXY_DOCKER_DIALECTS\] \[default\: traefik, caddy, nginx-proxy\]]:NAME:_default' \
'--timeout-request-head=[From the first byte of a request'\''s head to its last. \[env\: DOCKER_PROXY_TIMEOUT_REQUEST_HEAD\] \[default\: 10s\]]:TIME:_default' \
'--timeout-handshake=[From the first byte of a TLS handshake to its end. \[env\: DOCKER_PROXY_TIMEOUT_HANDSHAKE\] \[default\: 10s\]]:TIME:_default' \
'--timeout-queue=[How long a request waits when all its backends have as many requests as they take; then it is answered with 503. \[env\: DOCKER_PROXY_TIMEOUT_QUEUE\] \[default\: 10s\]]:TIME:_default' \
'--timeout-hold=[How long requests wait for a container that was restarted, recreated or paused and for one that is starting, where no other serves the host; then they are answered with 503. A host that has been offline for longer is answered at once. \[env\: DOCKER_PROXY_TIMEOUT_HOLD\] \[default\: 10s\]]:TIME:_default' \
'--timeout-connect=[To open a connection to a backend; to a container on this machine never more than a second. \[env\: DOCKER_PROXY_TIMEOUT_CONNECT\] \[default\: 5s\]]:TIME:_default' \
'--timeout-first-byte=[From the whole request sent to the first byte of the backend'\''s answer. \[env\: DOCKER_PROXY_TIMEOUT_FIRST_BYTE\] \[default\: 60s\]]:TIME:_default' \
'--timeout-idle=[Between two bytes of a body, either way. No timeout caps a whole body. \[env\: DOCKER_PROXY_TIMEOUT_IDLE\] \[default\: 60s\]]:TIME:_default' \
'--timeout-tunnel=[Between two bytes of a WebSocket or any other upgraded connection, either way. \[env\: DOCKER_PROXY_TIMEOUT_TUNNEL\] \[default\: 1h\]]:TIME:_default' \
'--timeout-keep-alive=[Between two requests on a client'\''s connection. \[env\: DOCKER_PROXY_TIMEOUT_KEEP_ALIVE\] \[default\: 75s\]]:TIME:_default' \
'--timeout-upstream-keep-alive=[How long an unused connection to a backend is kept. \[env\: DOCKER_PROXY_TIMEOUT_UPSTREAM_KEEP_ALIVE\] \[default\: 4s\]]:TIME:_default' \
'--timeout-drain=[How long a leaving worker may finish the requests it has. \[env\: DOCKER_PROXY_TIMEOUT_DRAIN\] \[default\: 30s\]]:TIME:_default' \
'--limit-head-bytes=[The largest head of a request or an answer, 4KiB to 16MiB. \[env\: DOCKER_PROXY_LIMIT_HEAD_BYTES\] \[default\: 64KiB\]]:SIZE:_default' \
'--limit-head-fields=[The most fields of a head, 16 to 10000. \[env\: DOCKER_PROXY_LIMIT_HEAD_FIELDS\] \[default\: 128\]]:COUNT:_default' \
'--limit-target-bytes=[The longest request target (path and query), at least 1KiB and at most \`limits.head_bytes\`; a longer one is answered with 414. \[env\: DOCKER_PROXY_LIMIT_TARGET_BYTES\] \[default\: 16KiB\]]:SIZE:_default' \
'--limit-connections=[The most client connections of one worker. \[env\: DOCKER_PROXY_LIMIT_CONNECTIONS\] \[default\: 100000\]]:COUNT:_default' \
'--limit-handshakes=[The most TLS handshakes that are under way at a time in one worker; another one ends the oldest. \[env\: DOCKER_PROXY_LIMIT_HANDSHAKES\] \[default\: 2000\]]:COUNT:_default' \
'--limit-backend-requests=[The most requests that a backend gets at a time, from all workers together; 0 is any number. A container says otherwise by label \`dproxy.max_requests\`, a route of this file by \`max_requests\`. \[env\: DOCKER_PROXY_LIMIT_BACKEND_REQUESTS\] \[default\: 0\]]:COUNT:_default' \
'--limit-queue=[The most requests of one worker that wait for the full backends of one route; others are answered with 503 at once. \[env\: DOCKER_PROXY_LIMIT_QUEUE\] \[default\: 1000\]]:COUNT:_default' \
'--limit-held=[The most requests of one worker that wait for containers to come back; others are answered with 503 at once. \[env\: DOCKER_PROXY_LIMIT_HELD\] \[default\: 1000\]]:COUNT:_default' \
'--limit-held-bytes=[The most memory for the requests of one worker that wait for containers to come back. Their bodies are not read meanwhile. \[env\: DOCKER_PROXY_LIMIT_HELD_BYTES\] \[default\: 64MiB\]]:SIZE:_default' \
'--balance=[How one of several backends is chosen\: \`p2c\` (of two, the one with fewer requests under way in all workers), \`round_robin\`, \`least_conn\`, \`random\`, \`ewma\` (of two, the one that answers sooner), \`hash\:ip\`, \`hash\:header\:NAME\` or \`hash\:cookie\:NAME\` (the same one for the same key). A container says otherwise by label \`dproxy.balance\`, a route of this file by \`balance\`. \[env\: DOCKER_PROXY_BALANCE\] \[default\: p2c\]]:ALGORITHM:_default' \
'--ejection-failures=[A backend that fails so many requests in a row, in all workers together, gets no more for \`ejection.time\`\: no connection, no answer in time, or none that is HTTP. Then one request tries whether it has recovered. 0 is never. \[env\: DOCKER_PROXY_EJECTION_FAILURES\] \[default\: 5\]]:COUNT:_default' \
'--ejection-time=[How long it gets none the first time; each further time that follows soon takes as much longer. \[env\: DOCKER_PROXY_EJECTION_TIME\] \[default\: 10s\]]:TIME:_default' \
'--ejection-max-time=[No such time is longer; and after so much time without one, the next is a first one again. \[env\: DOCKER_PROXY_EJECTION_MAX_TIME\] \[default\: 5min\]]:TIME:_default' \
'--ejection-share=[No more of a route'\''s backends than this get none at a time, and never the last. Where more of them do all the same, because others have gone, all are asked. \[env\: DOCKER_PROXY_EJECTION_SHARE\] \[default\: 50\]]:PERCENT:_default' \
'--ejection-server-errors=[Answers with a status of 500 or more count as failures, too. \[env\: DOCKER_PROXY_EJECTION_SERVER_ERRORS\] \[default\: false\]]::BOOL:_default' \
'--ssl-path=[The directory with the TLS certificates and their keys, as PEM\: \`NAME.crt\` and \`NAME.key\`, folders with \`fullchain.pem\` and \`privkey.pem\` (certbot), or both in one \`NAME.pem\`; \`default.crt\` is shown where no other fits. Changes are noticed. \[env\: DOCKER_PROXY_SSL_PATH, DOCKER_PROXY_SSL_DIR\] \[default\: none\]]:PATH:_default' \
'--ssl-port=[The public TLS port, listened on when a certificate loads. When it is set and cannot be bound then, the start fails. \[env\: DOCKER_PROXY_SSL_PORT\] \[default\: 443, or 8443 with a warning where 443 cannot be bound\]]:PORT:_default' \
'--ssl-policy=[Which TLS is spoken with clients\: \`intermediate\` is TLS 1.2 and 1.3, \`modern\` is TLS 1.3 only. \[env\: DOCKER_PROXY_SSL_POLICY\] \[default\: intermediate\]]:POLICY:_default' \
'--ssl-issuer=[Who makes the certificates of hosts that have none in \`ssl.path\`\: \`acme\` is Let'\''s Encrypt, or whom \`acme.directory\` names; \`internal\` is an authority of our own for development, kept in \`directories.state\`; \`off\` is nobody. A container says otherwise by label \`dproxy.tls\`. \[env\: DOCKER_PROXY_SSL_ISSUER\] \[default\: off\]]:ISSUER:_default' \
'--ssl-peek=[Whether a client that begins with TLS at the clear port is understood, when there are certificates. \[env\: DOCKER_PROXY_SSL_PEEK\] \[default\: true\]]::BOOL:_default' \
'--ssl-http3=[Whether HTTP/3 is spoken at the TLS port, over UDP, and clients of HTTP/1 and HTTP/2 are told so (\`Alt-Svc\`). In a container, publish the port for UDP too. Hosts that ask clients for certificates do so over TCP only. \[env\: DOCKER_PROXY_SSL_HTTP3\] \[default\: false\]]::BOOL:_default' \
'--ssl-redirect=[Whether hosts that have a certificate send clients of the clear port to the TLS port. A container says otherwise by label \`dproxy.https\`. \[env\: DOCKER_PROXY_SSL_REDIRECT\] \[default\: false\]]::BOOL:_default' \
'--ssl-hsts=[What hosts tell clients of TLS in \`Strict-Transport-Security\`, like \`max-age=31536000\`; \`off\` is nothing. A container says otherwise by label \`dproxy.hsts\`. \[env\: DOCKER_PROXY_SSL_HSTS\] \[default\: off\]]:VALUE:_default' \
'--acme-agree-to-terms=[Whether you agree to the terms of service of the authority, <https\://letsencrypt.org/repository/> for Let'\''s Encrypt. Before you do it is not asked for certificates, whatever \`ssl.issuer\` and labels say. \[env\: DOCKER_PROXY_ACME_AGREE_TO_TERMS\] \[default\: false\]]::BOOL:_default' \
'--acme-email=[Whom the authority may write to. \[env\: DOCKER_PROXY_ACME_EMAIL, DEFAULT_EMAIL\] \[default\: none\]]:ADDRESS:_default' \
'--acme-directory=[The directory of the authority that is asked for the certificates of hosts with \`ssl.issuer\` or label \`dproxy.tls\` \`acme\`. \[env\: DOCKER_PROXY_ACME_DIRECTORY\] \[default\: Let'\''s Encrypt\]]:URL:_default' \
'--acme-staging=[Asks the staging service of Let'\''s Encrypt, to try things out\: its limits are wide, but no browser believes its certificates. \[env\: DOCKER_PROXY_ACME_STAGING\] \[default\: false\]]::BOOL:_default' \
'--acme-root=[The only authorities, as PEM, that may vouch for the server of \`acme.directory\`\: for a private one. \[env\: DOCKER_PROXY_ACME_ROOT\] \[default\: the authorities that this machine believes\]]:FILE:_default' \
'--acme-challenge=[How the authority is shown that a host is ours\: \`http-01\` is a page at port 80, \`tls-alpn-01\` a handshake at port 443, \`dns-01\` a record in the DNS, which \`acme.dns_hook\` writes. Hosts like \`*.shop.org\` are always shown in the DNS. \[env\: DOCKER_PROXY_ACME_CHALLENGE\] \[default\: http-01\]]:CHALLENGE:_default' \
'--acme-dns-hook=[The program that writes records into the DNS. It is called with \`present NAME TEXT\`, and ends well once everybody can see the TXT record; and with \`cleanup NAME TEXT\` afterwards. \[env\: DOCKER_PROXY_ACME_DNS_HOOK\] \[default\: none\]]:PROGRAM:_default' \
'--acme-dns-timeout=[How long \`acme.dns_hook\` may take before it is ended. \[env\: DOCKER_PROXY_ACME_DNS_TIMEOUT\] \[default\: 5min\]]:TIME:_default' \
'--acme-shared=[Whether all hosts of one container, or of one route of this file, have one certificate together (up to 100). If the authority refuses that, each has its own, as it is with \`false\`. \[env\: DOCKER_PROXY_ACME_SHARED\] \[default\: false\]]::BOOL:_default' \
'*--acme-on-demand=[Hosts like \`*.customers.example.org\` that get a certificate when the first client asks for them over TLS, which waits for it; there must be a route for the host. Nobody else gets one so, whoever asks. \`*\` needs \`acme.on_demand_ask\`. \[env\: DOCKER_PROXY_ACME_ON_DEMAND\] \[default\: none\]]:HOSTS:_default' \
'--acme-on-demand-ask=[Who else has to agree to such a certificate\: a GET with \`?domain=HOST\` must be answered with 200, for anything else there is none. Without \`acme.on_demand\` it is asked about every host that there is a route for. \[env\: DOCKER_PROXY_ACME_ON_DEMAND_ASK\] \[default\: nobody\]]:URL:_default' \
'--acme-on-demand-limit=[So many certificates are ordered on demand within an hour at most, whoever asks. \[env\: DOCKER_PROXY_ACME_ON_DEMAND_LIMIT\] \[default\: 20\]]:NUMBER:_default' \
'--acme-eab-kid=[For authorities that want to know whose customer an account belongs to (external account binding)\: the id of the key that they gave you. \[env\: DOCKER_PROXY_ACME_EAB_KID\] \[default\: none\]]:ID:_default' \
'--acme-eab-key-file=[The file with that key, in base64 as they gave it. \[env\: DOCKER_PROXY_ACME_EAB_KEY_FILE\] \[default\: none\]]:FILE:_default' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(schema)
_arguments "${_arguments_options[@]}" : \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(settings)
_arguments "${_arguments_options[@]}" : \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_dproxy__subcmd__config__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:dproxy-config-help-command-$line[1]:"
        case $line[1] in
            (reference)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(show)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(schema)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(settings)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(status)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'--where=[Only the rows of which these are true\: \`state=online\`, \`requests>=10\`, several with commas]:CONDITIONS:_default' \
'--sort=[In the order of these fields; \`-\` before one turns it around\: \`host,-requests\`]:FIELDS:_default' \
'--limit=[At most so many rows]:COUNT:_default' \
'--skip=[Without the first so many rows]:COUNT:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(workers)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'--where=[Only the rows of which these are true\: \`state=online\`, \`requests>=10\`, several with commas]:CONDITIONS:_default' \
'--sort=[In the order of these fields; \`-\` before one turns it around\: \`host,-requests\`]:FIELDS:_default' \
'--limit=[At most so many rows]:COUNT:_default' \
'--skip=[Without the first so many rows]:COUNT:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(ls)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'--where=[Only the rows of which these are true\: \`state=online\`, \`requests>=10\`, several with commas]:CONDITIONS:_default' \
'--sort=[In the order of these fields; \`-\` before one turns it around\: \`host,-requests\`]:FIELDS:_default' \
'--limit=[At most so many rows]:COUNT:_default' \
'--skip=[Without the first so many rows]:COUNT:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(describe)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
':slot -- As `list` shows it:_default' \
&& ret=0
;;
(health)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(top)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(resize)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
':size:_default' \
&& ret=0
;;
(scale)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
':size:_default' \
&& ret=0
;;
(start)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(stop)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(drain)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(restart)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(reload)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(upgrade)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(reset)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(logs)
_arguments "${_arguments_options[@]}" : \
'-n+[How many lines]:COUNT:_default' \
'--lines=[How many lines]:COUNT:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'-f[Goes on with those that follow]' \
'--follow[Goes on with those that follow]' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(routes)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'--where=[Only the rows of which these are true\: \`state=online\`, \`requests>=10\`, several with commas]:CONDITIONS:_default' \
'--sort=[In the order of these fields; \`-\` before one turns it around\: \`host,-requests\`]:FIELDS:_default' \
'--limit=[At most so many rows]:COUNT:_default' \
'--skip=[Without the first so many rows]:COUNT:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(route)
_arguments "${_arguments_options[@]}" : \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_dproxy__subcmd__route_commands" \
"*::: :->route" \
&& ret=0

    case $state in
    (route)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:dproxy-route-command-$line[1]:"
        case $line[1] in
            (add)
_arguments "${_arguments_options[@]}" : \
'--for=[How long it stays\: \`10m\`; without, until it is removed]:TIME:_default' \
'-h[Print help]' \
'--help[Print help]' \
':place -- A host, or a path of it\: `shop.example.com/api`, `*.example.com`:_default' \
'*::backends -- Where it leads\: `10.0.0.5\:8080`, `https\://10.0.0.5\:8443` or `h2c\://10.0.0.5\:8080`:_default' \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
'--id=[The number that \`add\` told]:NUMBER:_default' \
'-h[Print help]' \
'--help[Print help]' \
'::place -- A host, or a path of it\: `shop.example.com/api`, `*.example.com`:_default' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_dproxy__subcmd__route__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:dproxy-route-help-command-$line[1]:"
        case $line[1] in
            (add)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(containers)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'--where=[Only the rows of which these are true\: \`state=online\`, \`requests>=10\`, several with commas]:CONDITIONS:_default' \
'--sort=[In the order of these fields; \`-\` before one turns it around\: \`host,-requests\`]:FIELDS:_default' \
'--limit=[At most so many rows]:COUNT:_default' \
'--skip=[Without the first so many rows]:COUNT:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(images)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'--where=[Only the rows of which these are true\: \`state=online\`, \`requests>=10\`, several with commas]:CONDITIONS:_default' \
'--sort=[In the order of these fields; \`-\` before one turns it around\: \`host,-requests\`]:FIELDS:_default' \
'--limit=[At most so many rows]:COUNT:_default' \
'--skip=[Without the first so many rows]:COUNT:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(backends)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'--where=[Only the rows of which these are true\: \`state=online\`, \`requests>=10\`, several with commas]:CONDITIONS:_default' \
'--sort=[In the order of these fields; \`-\` before one turns it around\: \`host,-requests\`]:FIELDS:_default' \
'--limit=[At most so many rows]:COUNT:_default' \
'--skip=[Without the first so many rows]:COUNT:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(certs)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'--where=[Only the rows of which these are true\: \`state=online\`, \`requests>=10\`, several with commas]:CONDITIONS:_default' \
'--sort=[In the order of these fields; \`-\` before one turns it around\: \`host,-requests\`]:FIELDS:_default' \
'--limit=[At most so many rows]:COUNT:_default' \
'--skip=[Without the first so many rows]:COUNT:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(certificates)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'--where=[Only the rows of which these are true\: \`state=online\`, \`requests>=10\`, several with commas]:CONDITIONS:_default' \
'--sort=[In the order of these fields; \`-\` before one turns it around\: \`host,-requests\`]:FIELDS:_default' \
'--limit=[At most so many rows]:COUNT:_default' \
'--skip=[Without the first so many rows]:COUNT:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(problems)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'--where=[Only the rows of which these are true\: \`state=online\`, \`requests>=10\`, several with commas]:CONDITIONS:_default' \
'--sort=[In the order of these fields; \`-\` before one turns it around\: \`host,-requests\`]:FIELDS:_default' \
'--limit=[At most so many rows]:COUNT:_default' \
'--skip=[Without the first so many rows]:COUNT:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(explain)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
':url -- As a client would ask for it\: `https\://shop.example.com/path`:_default' \
&& ret=0
;;
(why)
_arguments "${_arguments_options[@]}" : \
'-w+[Asks again and again, until it is ended]::SECONDS:_default' \
'--watch=[Asks again and again, until it is ended]::SECONDS:_default' \
'(--api)--socket=[The control socket to ask at]:PATH:_files' \
'--api=[The address to ask at, like \`http\://127.0.0.1\:16000\`]:URL:_default' \
'--token-file=[The file with the token of the API]:PATH:_files' \
'--config=[The configuration file of the proxy to ask]:PATH:_default' \
'--json[Prints the answer as one JSON object]' \
'--no-wait[Does not wait until a change is done]' \
'-h[Print help]' \
'--help[Print help]' \
':container -- Its name, its id, or the beginning of its id:_default' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_dproxy__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:dproxy-help-command-$line[1]:"
        case $line[1] in
            (master)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(worker)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(doctor)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(ctl)
_arguments "${_arguments_options[@]}" : \
":: :_dproxy__subcmd__help__subcmd__ctl_commands" \
"*::: :->ctl" \
&& ret=0

    case $state in
    (ctl)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:dproxy-help-ctl-command-$line[1]:"
        case $line[1] in
            (status)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(describe)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(health)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(top)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(resize)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(start)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(stop)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(restart)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(reload)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(upgrade)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(reset)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(logs)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(routes)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(route)
_arguments "${_arguments_options[@]}" : \
":: :_dproxy__subcmd__help__subcmd__ctl__subcmd__route_commands" \
"*::: :->route" \
&& ret=0

    case $state in
    (route)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:dproxy-help-ctl-route-command-$line[1]:"
        case $line[1] in
            (add)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(containers)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(images)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(backends)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(certs)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(problems)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(explain)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(why)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(completions)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(manual)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(config)
_arguments "${_arguments_options[@]}" : \
":: :_dproxy__subcmd__help__subcmd__config_commands" \
"*::: :->config" \
&& ret=0

    case $state in
    (config)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:dproxy-help-config-command-$line[1]:"
        case $line[1] in
            (reference)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(show)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(schema)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(settings)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(status)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(describe)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(health)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(top)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(resize)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(start)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(stop)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(restart)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(reload)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(upgrade)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(reset)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(logs)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(routes)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(route)
_arguments "${_arguments_options[@]}" : \
":: :_dproxy__subcmd__help__subcmd__route_commands" \
"*::: :->route" \
&& ret=0

    case $state in
    (route)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:dproxy-help-route-command-$line[1]:"
        case $line[1] in
            (add)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(containers)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(images)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(backends)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(certs)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(problems)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(explain)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(why)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
}

(( $+functions[_dproxy_commands] )) ||
_dproxy_commands() {
    local commands; commands=(
'master:Runs the proxy in the foreground' \
'worker:Serves requests for a master, which starts it' \
'doctor:Says what a worker could do to this machine if somebody took it over' \
'ctl:Asks a running proxy' \
'completions:Prints what completes these words in a shell' \
'manual:Writes the manual pages into a directory' \
'config:Prints what can be configured' \
'status:The whole at a glance' \
'list:Every worker' \
'workers:Every worker' \
'ls:Every worker' \
'describe:Everything about one worker' \
'health:Whether anybody serves\: exit code 0 if so, as a container'\''s health check wants it' \
'top:Everything, live; \`q\` ends it' \
'resize:Changes the number of workers' \
'scale:Changes the number of workers' \
'start:Starts the workers again, as many as there were' \
'stop:Finishes what is under way and frees the ports; the master stays' \
'drain:Finishes what is under way and frees the ports; the master stays' \
'restart:Replaces every worker, one by one' \
'reload:Reads the configuration again' \
'upgrade:Runs the program that was installed since, in the same process, without losing a request' \
'reset:Counts restarts from zero, and tries at once the workers that do not come up' \
'logs:The last lines of the master'\''s log' \
'routes:Every route' \
'route:Adds and removes routes by hand' \
'containers:Every container' \
'images:Every image that containers are of' \
'backends:Every backend' \
'certs:Every certificate, and until when it is valid' \
'certificates:Every certificate, and until when it is valid' \
'problems:Everything that should be mended' \
'explain:What becomes of a request, and why' \
'why:Why a container is, or is not, routed' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'dproxy commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__backends_commands] )) ||
_dproxy__subcmd__backends_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy backends commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__certs_commands] )) ||
_dproxy__subcmd__certs_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy certs commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__completions_commands] )) ||
_dproxy__subcmd__completions_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy completions commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__config_commands] )) ||
_dproxy__subcmd__config_commands() {
    local commands; commands=(
'reference:Prints a configuration file with every key, commented out' \
'show:Prints what counts, and where each value comes from' \
'schema:Prints the JSON Schema of the file, for editors that complete its keys' \
'settings:Prints the table of settings, in Markdown' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'dproxy config commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__config__subcmd__help_commands] )) ||
_dproxy__subcmd__config__subcmd__help_commands() {
    local commands; commands=(
'reference:Prints a configuration file with every key, commented out' \
'show:Prints what counts, and where each value comes from' \
'schema:Prints the JSON Schema of the file, for editors that complete its keys' \
'settings:Prints the table of settings, in Markdown' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'dproxy config help commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__config__subcmd__help__subcmd__help_commands] )) ||
_dproxy__subcmd__config__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy config help help commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__config__subcmd__help__subcmd__reference_commands] )) ||
_dproxy__subcmd__config__subcmd__help__subcmd__reference_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy config help reference commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__config__subcmd__help__subcmd__schema_commands] )) ||
_dproxy__subcmd__config__subcmd__help__subcmd__schema_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy config help schema commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__config__subcmd__help__subcmd__settings_commands] )) ||
_dproxy__subcmd__config__subcmd__help__subcmd__settings_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy config help settings commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__config__subcmd__help__subcmd__show_commands] )) ||
_dproxy__subcmd__config__subcmd__help__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy config help show commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__config__subcmd__reference_commands] )) ||
_dproxy__subcmd__config__subcmd__reference_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy config reference commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__config__subcmd__schema_commands] )) ||
_dproxy__subcmd__config__subcmd__schema_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy config schema commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__config__subcmd__settings_commands] )) ||
_dproxy__subcmd__config__subcmd__settings_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy config settings commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__config__subcmd__show_commands] )) ||
_dproxy__subcmd__config__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy config show commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__containers_commands] )) ||
_dproxy__subcmd__containers_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy containers commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl_commands] )) ||
_dproxy__subcmd__ctl_commands() {
    local commands; commands=(
'status:The whole at a glance' \
'list:Every worker' \
'workers:Every worker' \
'ls:Every worker' \
'describe:Everything about one worker' \
'health:Whether anybody serves\: exit code 0 if so, as a container'\''s health check wants it' \
'top:Everything, live; \`q\` ends it' \
'resize:Changes the number of workers' \
'scale:Changes the number of workers' \
'start:Starts the workers again, as many as there were' \
'stop:Finishes what is under way and frees the ports; the master stays' \
'drain:Finishes what is under way and frees the ports; the master stays' \
'restart:Replaces every worker, one by one' \
'reload:Reads the configuration again' \
'upgrade:Runs the program that was installed since, in the same process, without losing a request' \
'reset:Counts restarts from zero, and tries at once the workers that do not come up' \
'logs:The last lines of the master'\''s log' \
'routes:Every route' \
'route:Adds and removes routes by hand' \
'containers:Every container' \
'images:Every image that containers are of' \
'backends:Every backend' \
'certs:Every certificate, and until when it is valid' \
'certificates:Every certificate, and until when it is valid' \
'problems:Everything that should be mended' \
'explain:What becomes of a request, and why' \
'why:Why a container is, or is not, routed' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'dproxy ctl commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__backends_commands] )) ||
_dproxy__subcmd__ctl__subcmd__backends_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl backends commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__certs_commands] )) ||
_dproxy__subcmd__ctl__subcmd__certs_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl certs commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__containers_commands] )) ||
_dproxy__subcmd__ctl__subcmd__containers_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl containers commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__describe_commands] )) ||
_dproxy__subcmd__ctl__subcmd__describe_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl describe commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__explain_commands] )) ||
_dproxy__subcmd__ctl__subcmd__explain_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl explain commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__health_commands] )) ||
_dproxy__subcmd__ctl__subcmd__health_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl health commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help_commands() {
    local commands; commands=(
'status:The whole at a glance' \
'list:Every worker' \
'describe:Everything about one worker' \
'health:Whether anybody serves\: exit code 0 if so, as a container'\''s health check wants it' \
'top:Everything, live; \`q\` ends it' \
'resize:Changes the number of workers' \
'start:Starts the workers again, as many as there were' \
'stop:Finishes what is under way and frees the ports; the master stays' \
'restart:Replaces every worker, one by one' \
'reload:Reads the configuration again' \
'upgrade:Runs the program that was installed since, in the same process, without losing a request' \
'reset:Counts restarts from zero, and tries at once the workers that do not come up' \
'logs:The last lines of the master'\''s log' \
'routes:Every route' \
'route:Adds and removes routes by hand' \
'containers:Every container' \
'images:Every image that containers are of' \
'backends:Every backend' \
'certs:Every certificate, and until when it is valid' \
'problems:Everything that should be mended' \
'explain:What becomes of a request, and why' \
'why:Why a container is, or is not, routed' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'dproxy ctl help commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__backends_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__backends_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help backends commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__certs_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__certs_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help certs commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__containers_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__containers_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help containers commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__describe_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__describe_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help describe commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__explain_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__explain_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help explain commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__health_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__health_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help health commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__help_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help help commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__images_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__images_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help images commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__list_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help list commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__logs_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__logs_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help logs commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__problems_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__problems_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help problems commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__reload_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__reload_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help reload commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__reset_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__reset_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help reset commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__resize_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__resize_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help resize commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__restart_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__restart_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help restart commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__route_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__route_commands() {
    local commands; commands=(
'add:One more route' \
'remove:Without the routes of a host, of a path of it, or with a number' \
    )
    _describe -t commands 'dproxy ctl help route commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__route__subcmd__add_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__route__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help route add commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__route__subcmd__remove_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__route__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help route remove commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__routes_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__routes_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help routes commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__start_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__start_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help start commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__status_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__status_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help status commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__stop_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__stop_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help stop commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__top_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__top_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help top commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__upgrade_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__upgrade_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help upgrade commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__help__subcmd__why_commands] )) ||
_dproxy__subcmd__ctl__subcmd__help__subcmd__why_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl help why commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__images_commands] )) ||
_dproxy__subcmd__ctl__subcmd__images_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl images commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__list_commands] )) ||
_dproxy__subcmd__ctl__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl list commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__logs_commands] )) ||
_dproxy__subcmd__ctl__subcmd__logs_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl logs commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__problems_commands] )) ||
_dproxy__subcmd__ctl__subcmd__problems_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl problems commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__reload_commands] )) ||
_dproxy__subcmd__ctl__subcmd__reload_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl reload commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__reset_commands] )) ||
_dproxy__subcmd__ctl__subcmd__reset_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl reset commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__resize_commands] )) ||
_dproxy__subcmd__ctl__subcmd__resize_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl resize commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__restart_commands] )) ||
_dproxy__subcmd__ctl__subcmd__restart_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl restart commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__route_commands] )) ||
_dproxy__subcmd__ctl__subcmd__route_commands() {
    local commands; commands=(
'add:One more route' \
'remove:Without the routes of a host, of a path of it, or with a number' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'dproxy ctl route commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__route__subcmd__add_commands] )) ||
_dproxy__subcmd__ctl__subcmd__route__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl route add commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__route__subcmd__help_commands] )) ||
_dproxy__subcmd__ctl__subcmd__route__subcmd__help_commands() {
    local commands; commands=(
'add:One more route' \
'remove:Without the routes of a host, of a path of it, or with a number' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'dproxy ctl route help commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__route__subcmd__help__subcmd__add_commands] )) ||
_dproxy__subcmd__ctl__subcmd__route__subcmd__help__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl route help add commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__route__subcmd__help__subcmd__help_commands] )) ||
_dproxy__subcmd__ctl__subcmd__route__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl route help help commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__route__subcmd__help__subcmd__remove_commands] )) ||
_dproxy__subcmd__ctl__subcmd__route__subcmd__help__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl route help remove commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__route__subcmd__remove_commands] )) ||
_dproxy__subcmd__ctl__subcmd__route__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl route remove commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__routes_commands] )) ||
_dproxy__subcmd__ctl__subcmd__routes_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl routes commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__start_commands] )) ||
_dproxy__subcmd__ctl__subcmd__start_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl start commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__status_commands] )) ||
_dproxy__subcmd__ctl__subcmd__status_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl status commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__stop_commands] )) ||
_dproxy__subcmd__ctl__subcmd__stop_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl stop commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__top_commands] )) ||
_dproxy__subcmd__ctl__subcmd__top_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl top commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__upgrade_commands] )) ||
_dproxy__subcmd__ctl__subcmd__upgrade_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl upgrade commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__ctl__subcmd__why_commands] )) ||
_dproxy__subcmd__ctl__subcmd__why_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy ctl why commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__describe_commands] )) ||
_dproxy__subcmd__describe_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy describe commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__doctor_commands] )) ||
_dproxy__subcmd__doctor_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy doctor commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__explain_commands] )) ||
_dproxy__subcmd__explain_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy explain commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__health_commands] )) ||
_dproxy__subcmd__health_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy health commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help_commands] )) ||
_dproxy__subcmd__help_commands() {
    local commands; commands=(
'master:Runs the proxy in the foreground' \
'worker:Serves requests for a master, which starts it' \
'doctor:Says what a worker could do to this machine if somebody took it over' \
'ctl:Asks a running proxy' \
'completions:Prints what completes these words in a shell' \
'manual:Writes the manual pages into a directory' \
'config:Prints what can be configured' \
'status:The whole at a glance' \
'list:Every worker' \
'describe:Everything about one worker' \
'health:Whether anybody serves\: exit code 0 if so, as a container'\''s health check wants it' \
'top:Everything, live; \`q\` ends it' \
'resize:Changes the number of workers' \
'start:Starts the workers again, as many as there were' \
'stop:Finishes what is under way and frees the ports; the master stays' \
'restart:Replaces every worker, one by one' \
'reload:Reads the configuration again' \
'upgrade:Runs the program that was installed since, in the same process, without losing a request' \
'reset:Counts restarts from zero, and tries at once the workers that do not come up' \
'logs:The last lines of the master'\''s log' \
'routes:Every route' \
'route:Adds and removes routes by hand' \
'containers:Every container' \
'images:Every image that containers are of' \
'backends:Every backend' \
'certs:Every certificate, and until when it is valid' \
'problems:Everything that should be mended' \
'explain:What becomes of a request, and why' \
'why:Why a container is, or is not, routed' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'dproxy help commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__backends_commands] )) ||
_dproxy__subcmd__help__subcmd__backends_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help backends commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__certs_commands] )) ||
_dproxy__subcmd__help__subcmd__certs_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help certs commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__completions_commands] )) ||
_dproxy__subcmd__help__subcmd__completions_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help completions commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__config_commands] )) ||
_dproxy__subcmd__help__subcmd__config_commands() {
    local commands; commands=(
'reference:Prints a configuration file with every key, commented out' \
'show:Prints what counts, and where each value comes from' \
'schema:Prints the JSON Schema of the file, for editors that complete its keys' \
'settings:Prints the table of settings, in Markdown' \
    )
    _describe -t commands 'dproxy help config commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__config__subcmd__reference_commands] )) ||
_dproxy__subcmd__help__subcmd__config__subcmd__reference_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help config reference commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__config__subcmd__schema_commands] )) ||
_dproxy__subcmd__help__subcmd__config__subcmd__schema_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help config schema commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__config__subcmd__settings_commands] )) ||
_dproxy__subcmd__help__subcmd__config__subcmd__settings_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help config settings commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__config__subcmd__show_commands] )) ||
_dproxy__subcmd__help__subcmd__config__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help config show commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__containers_commands] )) ||
_dproxy__subcmd__help__subcmd__containers_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help containers commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl_commands() {
    local commands; commands=(
'status:The whole at a glance' \
'list:Every worker' \
'describe:Everything about one worker' \
'health:Whether anybody serves\: exit code 0 if so, as a container'\''s health check wants it' \
'top:Everything, live; \`q\` ends it' \
'resize:Changes the number of workers' \
'start:Starts the workers again, as many as there were' \
'stop:Finishes what is under way and frees the ports; the master stays' \
'restart:Replaces every worker, one by one' \
'reload:Reads the configuration again' \
'upgrade:Runs the program that was installed since, in the same process, without losing a request' \
'reset:Counts restarts from zero, and tries at once the workers that do not come up' \
'logs:The last lines of the master'\''s log' \
'routes:Every route' \
'route:Adds and removes routes by hand' \
'containers:Every container' \
'images:Every image that containers are of' \
'backends:Every backend' \
'certs:Every certificate, and until when it is valid' \
'problems:Everything that should be mended' \
'explain:What becomes of a request, and why' \
'why:Why a container is, or is not, routed' \
    )
    _describe -t commands 'dproxy help ctl commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__backends_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__backends_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help ctl backends commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__certs_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__certs_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help ctl certs commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__containers_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__containers_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help ctl containers commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__describe_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__describe_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help ctl describe commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__explain_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__explain_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help ctl explain commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__health_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__health_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help ctl health commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__images_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__images_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help ctl images commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__list_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help ctl list commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__logs_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__logs_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help ctl logs commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__problems_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__problems_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help ctl problems commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__reload_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__reload_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help ctl reload commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__reset_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__reset_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help ctl reset commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__resize_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__resize_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help ctl resize commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__restart_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__restart_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help ctl restart commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__route_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__route_commands() {
    local commands; commands=(
'add:One more route' \
'remove:Without the routes of a host, of a path of it, or with a number' \
    )
    _describe -t commands 'dproxy help ctl route commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__route__subcmd__add_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__route__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help ctl route add commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__route__subcmd__remove_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__route__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help ctl route remove commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__routes_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__routes_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help ctl routes commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__start_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__start_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help ctl start commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__status_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__status_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help ctl status commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__stop_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__stop_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help ctl stop commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__top_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__top_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help ctl top commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__upgrade_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__upgrade_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help ctl upgrade commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__ctl__subcmd__why_commands] )) ||
_dproxy__subcmd__help__subcmd__ctl__subcmd__why_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help ctl why commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__describe_commands] )) ||
_dproxy__subcmd__help__subcmd__describe_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help describe commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__doctor_commands] )) ||
_dproxy__subcmd__help__subcmd__doctor_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help doctor commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__explain_commands] )) ||
_dproxy__subcmd__help__subcmd__explain_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help explain commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__health_commands] )) ||
_dproxy__subcmd__help__subcmd__health_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help health commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__help_commands] )) ||
_dproxy__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help help commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__images_commands] )) ||
_dproxy__subcmd__help__subcmd__images_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help images commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__list_commands] )) ||
_dproxy__subcmd__help__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help list commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__logs_commands] )) ||
_dproxy__subcmd__help__subcmd__logs_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help logs commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__manual_commands] )) ||
_dproxy__subcmd__help__subcmd__manual_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help manual commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__master_commands] )) ||
_dproxy__subcmd__help__subcmd__master_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help master commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__problems_commands] )) ||
_dproxy__subcmd__help__subcmd__problems_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help problems commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__reload_commands] )) ||
_dproxy__subcmd__help__subcmd__reload_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help reload commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__reset_commands] )) ||
_dproxy__subcmd__help__subcmd__reset_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help reset commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__resize_commands] )) ||
_dproxy__subcmd__help__subcmd__resize_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help resize commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__restart_commands] )) ||
_dproxy__subcmd__help__subcmd__restart_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help restart commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__route_commands] )) ||
_dproxy__subcmd__help__subcmd__route_commands() {
    local commands; commands=(
'add:One more route' \
'remove:Without the routes of a host, of a path of it, or with a number' \
    )
    _describe -t commands 'dproxy help route commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__route__subcmd__add_commands] )) ||
_dproxy__subcmd__help__subcmd__route__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help route add commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__route__subcmd__remove_commands] )) ||
_dproxy__subcmd__help__subcmd__route__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help route remove commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__routes_commands] )) ||
_dproxy__subcmd__help__subcmd__routes_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help routes commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__start_commands] )) ||
_dproxy__subcmd__help__subcmd__start_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help start commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__status_commands] )) ||
_dproxy__subcmd__help__subcmd__status_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help status commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__stop_commands] )) ||
_dproxy__subcmd__help__subcmd__stop_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help stop commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__top_commands] )) ||
_dproxy__subcmd__help__subcmd__top_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help top commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__upgrade_commands] )) ||
_dproxy__subcmd__help__subcmd__upgrade_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help upgrade commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__why_commands] )) ||
_dproxy__subcmd__help__subcmd__why_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help why commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__help__subcmd__worker_commands] )) ||
_dproxy__subcmd__help__subcmd__worker_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy help worker commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__images_commands] )) ||
_dproxy__subcmd__images_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy images commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__list_commands] )) ||
_dproxy__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy list commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__logs_commands] )) ||
_dproxy__subcmd__logs_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy logs commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__manual_commands] )) ||
_dproxy__subcmd__manual_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy manual commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__master_commands] )) ||
_dproxy__subcmd__master_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy master commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__problems_commands] )) ||
_dproxy__subcmd__problems_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy problems commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__reload_commands] )) ||
_dproxy__subcmd__reload_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy reload commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__reset_commands] )) ||
_dproxy__subcmd__reset_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy reset commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__resize_commands] )) ||
_dproxy__subcmd__resize_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy resize commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__restart_commands] )) ||
_dproxy__subcmd__restart_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy restart commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__route_commands] )) ||
_dproxy__subcmd__route_commands() {
    local commands; commands=(
'add:One more route' \
'remove:Without the routes of a host, of a path of it, or with a number' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'dproxy route commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__route__subcmd__add_commands] )) ||
_dproxy__subcmd__route__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy route add commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__route__subcmd__help_commands] )) ||
_dproxy__subcmd__route__subcmd__help_commands() {
    local commands; commands=(
'add:One more route' \
'remove:Without the routes of a host, of a path of it, or with a number' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'dproxy route help commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__route__subcmd__help__subcmd__add_commands] )) ||
_dproxy__subcmd__route__subcmd__help__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy route help add commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__route__subcmd__help__subcmd__help_commands] )) ||
_dproxy__subcmd__route__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy route help help commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__route__subcmd__help__subcmd__remove_commands] )) ||
_dproxy__subcmd__route__subcmd__help__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy route help remove commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__route__subcmd__remove_commands] )) ||
_dproxy__subcmd__route__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy route remove commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__routes_commands] )) ||
_dproxy__subcmd__routes_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy routes commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__start_commands] )) ||
_dproxy__subcmd__start_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy start commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__status_commands] )) ||
_dproxy__subcmd__status_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy status commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__stop_commands] )) ||
_dproxy__subcmd__stop_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy stop commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__top_commands] )) ||
_dproxy__subcmd__top_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy top commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__upgrade_commands] )) ||
_dproxy__subcmd__upgrade_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy upgrade commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__why_commands] )) ||
_dproxy__subcmd__why_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy why commands' commands "$@"
}
(( $+functions[_dproxy__subcmd__worker_commands] )) ||
_dproxy__subcmd__worker_commands() {
    local commands; commands=()
    _describe -t commands 'dproxy worker commands' commands "$@"
}

if [ "$funcstack[1]" = "_dproxy" ]; then
    _dproxy "$@"
else
    compdef _dproxy dproxy
fi
