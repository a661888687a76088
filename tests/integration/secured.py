"""A cluster with access lists: the documented rights suffice, each is needed, and no secret is ever said."""
import hashlib, os, re, shlex, shutil, socket, subprocess
from concurrent.futures import ThreadPoolExecutor

from cluster import wait_for

HERE = os.path.dirname(os.path.abspath(__file__))


def properties(path):
    with open(path, encoding="utf-8") as lines:
        return dict(line.rstrip("\n").split("=", 1) for line in lines)


def documented_rights(cluster, name):
    """The lines of docs/security.md, for this site's names, a user with a password and a certificate."""
    with open(os.path.join(HERE, "..", "..", "docs", "security.md"), encoding="utf-8") as page:
        lines = [shlex.split(line)[1:] for line in page if line.startswith("kafka-acls --add")]
    assert len(lines) == 6, lines
    jars = os.environ.get("BROKER_CACHE", os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "settlewatch-broker"))
    version = re.search(r"<kafka.version>(.*)</kafka.version>", open(f"{HERE}/broker/pom.xml", encoding="utf-8").read())[1]

    def give(words):
        for i, word in enumerate(words):
            words[i] = {"settlewatch-screen": name}.get(word, f"{name}-{word}" if words[i - 1] == "--topic" else word)
        at = words.index("User:settlewatch")
        words[at:at + 1] = ["User:app", "--allow-principal", "User:CN=client"]
        subprocess.run(["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", f"{jars}/kafka-{version}/*", "kafka.admin.AclCommand", "--bootstrap-server", cluster.servers,
                        *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(give, lines))


def a_secured_cluster_is_enough_and_no_more(make, reference, meddle):
    site = make("sec", partitions=2, workers=1, kafka={"session_timeout_ms": 2000})
    folder = site.cluster.folder
    site.call("topics", "create")
    site.call("replay", reference.path)
    documented_rights(site.cluster, "sec")
    scram, mtls = properties(f"{folder}/kafka/sasl.conf"), properties(f"{folder}/kafka/mtls.conf")
    password, said = scram["sasl.password"], []

    def secret(name, text, mode=0o600):
        path = f"{folder}/{name}"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="ascii") as out:
            out.write(text + "\n")
        os.chmod(path, mode)
        return path

    def write(sasl=None, tls=None, servers=scram["bootstrap.servers"], startup_s=20, **more):
        site.write(kafka={"bootstrap.servers": servers, "session_timeout_ms": 2000, "sasl": sasl, "tls": tls, **more}, run={"startup_s": startup_s})

    def call(*words, code=0):
        said.append(site.call(*words, code=code))
        return said[-1]

    ca, good = {"ca_file": scram["ssl.ca.location"]}, secret("app.password", password)
    user = {"mechanism": "scram-sha-512", "user": "app", "password_file": good}
    write(user, ca)
    call("topics", "check")
    call("run", "screen", "--from", "earliest", "--once-until-end")
    # Mutual TLS goes on where the user with the password stopped.
    site.write(kafka={"bootstrap.servers": site.cluster.servers, "session_timeout_ms": 2000})
    assert site.covered() == reference.records(2)
    site.call("replay", reference.path)
    write(None, {"ca_file": mtls["ssl.ca.location"], "certificate_file": mtls["ssl.certificate.location"], "key_file": mtls["ssl.key.location"]},
          servers=mtls["bootstrap.servers"])
    call("run", "screen", "--once-until-end")
    # The close of a month needs rights of its own, and says which it lacks.
    seed = bytes(32)
    close = ("review", "close", "--month", "2024-01", "--out", f"{folder}/sec-close", "--seeds", secret("sec.seeds", f"2024-01 {seed.hex()} {hashlib.sha256(seed).hexdigest()}"))
    assert "cannot read 'sec-institution-facts'" in call(*close, code=70), said[-1]
    for topic in ("second-review", "institution-facts"):
        meddle("allow", "User:CN=client", "topic", f"sec-{topic}", "literal", "READ")
    assert "0 messages to second-review" in call("--lang", "en", *close), said[-1]
    write({**user, "mechanism": "plain"}, ca)
    call("topics", "check")
    os.environ["CREDENTIALS_DIRECTORY"] = folder
    write({**user, "password_file": "credential:app.password"}, ca)
    call("topics", "check")
    del os.environ["CREDENTIALS_DIRECTORY"]
    assert "CREDENTIALS_DIRECTORY is not set" in call("topics", "check", code=78)

    # Secrets that are open or wrong.
    write({**user, "password_file": secret("open.password", password, 0o644)}, ca)
    assert "is open to other users" in call("topics", "check", code=78)
    write(None, None, properties={"security.protocol": "sasl_ssl", "sasl.mechanism": "PLAIN", "sasl.username": "app", "sasl.password": password})
    os.chmod(site.config, 0o644)
    assert "'sasl.password' stands in a file that is open" in call("topics", "check", code=78)
    write({**user, "password_file": secret("wrong.password", "not-the-" + "password")}, ca, startup_s=3)
    told = call("run", "screen", code=70)
    assert "accepted us within 3 s" in told and "uthentication" in told, told

    # Each right is needed, and named. Without its only right a user does not even see a topic.
    write(user, ca)
    call("topics", "check")
    for kind, name, pattern, operation, what in (
            ("topic", "sec-settlements", "literal", "READ", "sec-settlements: missing"),
            ("topic", "sec-patient-state", "literal", "READ", "sec-patient-state: this user may not read it"),
            ("topic", "sec-patient-state", "literal", "WRITE", "sec-patient-state: this user may not write it"),
            ("topic", "sec-credit-deductions", "literal", "WRITE", "sec-credit-deductions: missing"),
            ("topic", "sec-screening-receipts", "literal", "WRITE", "sec-screening-receipts: missing"),
            ("topic", "sec-dead-letters", "literal", "DESCRIBE_CONFIGS", "sec-dead-letters: its settings cannot be read"),
            ("group", "sec", "literal", "READ", "group 'sec'")):
        meddle("forbid", "User:app", kind, name, pattern, operation)
        assert what in call("topics", "check", code=1), (name, operation, said[-1])
        refused = call("run", "screen", "--once-until-end", code=78)
        assert what in refused and " records (" not in refused, refused
        meddle("allow", "User:app", kind, name, pattern, operation)
    meddle("forbid", "User:app", "any", "sec", "prefixed", "WRITE")
    assert "transactional id 'sec-check-cli'" in call("topics", "check", code=1), said[-1]
    for text in said:
        assert password not in text and "not-the-password" not in text, text.replace(password, "PASSWORD")


def redis_with_a_user_of_its_own(make, reference, meddle):
    site = make("acl", partitions=2, workers=1)
    site.cluster.redis_cli("ACL", "SETUSER", "settlewatch", "on", ">a-pass-word", "resetkeys", "~{p*", "resetchannels", "-@all", "+mget", "+set")
    path = f"{site.cluster.folder}/redis.password"
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as out:
        out.write("a-pass-word\n")
    site.write(redis_with={"user": "settlewatch", "password_file": path}, run={"memory_bytes": 1 << 20})
    site.call("topics", "create")
    site.call("replay", reference.path)
    log = site.run_to_the_end()
    site.call("replay", reference.path)
    log += site.run_to_the_end()
    assert " 0 from cache" not in log.splitlines()[-1], log[-600:]
    with open(path, "w", encoding="ascii") as out:
        out.write("wrong-word\n")
    site.call("replay", reference.path)
    log += site.run_to_the_end()
    assert " 0 from cache" in log.splitlines()[-1], log[-600:]
    assert site.covered() == 3 * reference.records(2)
    assert "a-pass-word" not in log and "wrong-word" not in log
    site.cluster.redis_cli("ACL", "DELUSER", "settlewatch")


def documented_tunnel(**changes):
    """The lines for stunnel of docs/security.md, some of them with other values."""
    with open(os.path.join(HERE, "..", "..", "docs", "security.md"), encoding="utf-8") as page:
        block = re.search(r"```\n(\[redis\]\n.*?)```", page.read(), re.S)[1]
    for name, value in changes.items():
        block, found = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", block)
        assert found == 1, (name, block)
    return block


def redis_through_a_tunnel(make, reference, meddle):
    """A redis-server that speaks only TLS, behind stunnel as documented: cached values come through it, and one that shows another's certificate is left alone."""
    del meddle
    program = shutil.which("stunnel4") or shutil.which("stunnel")
    if program is None:
        print("        stunnel is not installed (scripts/install-deps --tests): left out", flush=True)
        return
    site = make("tunnel", partitions=2, workers=1)
    folder, tls = site.cluster.folder, f"{site.cluster.folder}/kafka/tls"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    scripts, server = f"{HERE}/broker", f"{folder}/redis-tls"
    subprocess.run([f"{scripts}/redis-up", "-u", server, "--tls-port", str(port), "--tls-cert-file", f"{tls}/server.pem", "--tls-key-file", f"{tls}/server.key",
                    "--tls-ca-cert-file", f"{tls}/ca.pem", "--tls-auth-clients", "no"], check=True, stdout=subprocess.DEVNULL)
    tunnel = None

    def through(host):
        nonlocal tunnel
        if tunnel is not None:
            tunnel.terminate()
            tunnel.wait(timeout=10)
        config = f"{folder}/stunnel.conf"
        with open(config, "w", encoding="ascii") as out:
            out.write(f"foreground = yes\npid =\noutput = {folder}/stunnel.log\n"
                      + documented_tunnel(accept=f"{folder}/tunnel.sock", connect=f"127.0.0.1:{port}", CAfile=f"{tls}/ca.pem", checkHost=host))
        if os.path.exists(f"{folder}/tunnel.sock"):
            os.unlink(f"{folder}/tunnel.sock")
        tunnel = subprocess.Popen([program, config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: os.path.exists(f"{folder}/tunnel.sock") or tunnel.poll() is not None, "the tunnel", 20)

    try:
        through("localhost")
        site.write(redis_with={"url": f"unix:{folder}/tunnel.sock"}, run={"memory_bytes": 1 << 20})
        site.call("topics", "create")
        for _ in range(2):
            site.call("replay", reference.path)
            log = site.run_to_the_end()
        assert " 0 from cache" not in log.splitlines()[-1], log[-600:]
        through("somebody.else")
        site.call("replay", reference.path)
        log = site.run_to_the_end()
        assert " 0 from cache" in log.splitlines()[-1], log[-600:]
        assert site.covered() == 3 * reference.records(2)
    finally:
        if tunnel is not None:
            tunnel.terminate()
            tunnel.wait(timeout=10)
        subprocess.run([f"{scripts}/redis-down", server], stdout=subprocess.DEVNULL)


CHECKS = [a_secured_cluster_is_enough_and_no_more, redis_with_a_user_of_its_own, redis_through_a_tunnel]
