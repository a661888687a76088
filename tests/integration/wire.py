"""As much of Kafka's protocol as the tests need to ask the brokers themselves: who leads, which transactions are open."""
import socket, struct

FETCH, METADATA, END_TXN, DESCRIBE_TRANSACTIONS, LIST_TRANSACTIONS = 1, 3, 26, 65, 66


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, form):
        return struct.unpack(">" + form, self.take(struct.calcsize(form)))[0]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def text(self):
        size = self.number("h")
        return None if size < 0 else self.take(size).decode()

    def compact_text(self):
        return self.take(self.varint() - 1).decode()

    def tags(self):
        for _ in range(self.varint()):
            self.varint()
            self.take(self.varint())

    def array(self, one):
        return [one() for _ in range(self.number("i"))]

    def compact_array(self, one):
        return [one() for _ in range(self.varint() - 1)]


def text(value):
    return struct.pack(">h", len(value)) + value.encode()


def compact_text(value):
    return bytes([len(value.encode()) + 1]) + value.encode()


def receive(link):
    data = b""
    while len(data) < 4 or len(data) < 4 + struct.unpack(">i", data[:4])[0]:
        more = link.recv(65536)
        if not more:
            raise ConnectionError("the broker hung up")
        data += more
    return data[4:]


def ask(server, key, version, body, flexible):
    """One request, one answer, behind the answer's header."""
    host, port = server.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=10) as link:
        head = struct.pack(">hhi", key, version, 1) + text("tests") + (b"\0" if flexible else b"")
        link.sendall(struct.pack(">i", len(head) + len(body)) + head + body)
        reader = Reader(receive(link))
    assert reader.number("i") == 1
    if flexible:
        reader.tags()
    return reader


def leaders(server, topic):
    """{partition: number of the broker that leads it} and {number: address}."""
    reader = ask(server, METADATA, 1, struct.pack(">i", 1) + text(topic), False)

    def broker():
        number, host, port = reader.number("i"), reader.text(), reader.number("i")
        reader.text()
        return number, f"{host}:{port}"

    def partition():
        reader.number("h")
        number, leader = reader.number("i"), reader.number("i")
        for _ in range(2):
            reader.array(lambda: reader.number("i"))
        return number, leader

    brokers = dict(reader.array(broker))
    reader.number("i")
    found = {}

    def one_topic():
        reader.number("h"), reader.text(), reader.number("b")
        found.update(reader.array(partition))

    reader.array(one_topic)
    return found, brokers


def open_transactions(servers, prefix):
    """Transactions that the brokers have not ended, of producers whose transactional.id begins so: {(id, producer, epoch, begun_ms)}."""
    found = set()
    for server in servers.split(","):
        try:
            reader = ask(server, LIST_TRANSACTIONS, 0, b"\1\1\0", True)
            reader.number("i"), reader.number("h")
            reader.compact_array(reader.compact_text)

            def listed():
                row = reader.compact_text(), reader.number("q"), reader.compact_text()
                reader.tags()
                return row

            names = [name for name, _, state in reader.compact_array(listed)
                     if name.startswith(prefix) and state in ("Ongoing", "PrepareCommit", "PrepareAbort")]
            if not names:
                continue
            reader = ask(server, DESCRIBE_TRANSACTIONS, 0, bytes([len(names) + 1]) + b"".join(map(compact_text, names)) + b"\0", True)
            reader.number("i")

            def partitions():
                reader.compact_text()
                reader.compact_array(lambda: reader.number("i"))
                reader.tags()

            def described():
                reader.number("h")
                name, state = reader.compact_text(), reader.compact_text()
                reader.number("i")
                row = reader.number("q"), reader.number("q"), reader.number("h")
                reader.compact_array(partitions)
                reader.tags()
                return name, state, (name, row[1], row[2], row[0])

            found |= {key for _, state, key in reader.compact_array(described) if state in ("Ongoing", "PrepareCommit", "PrepareAbort")}
        except OSError:
            continue    # a broker that is down coordinates nothing
    return found
