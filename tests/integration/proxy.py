"""A broker behind a TCP proxy that can hold back the ends of transactions, or their answers.

The broker advertises the proxy's port, so that all clients (and the broker itself) come through it.
"""
import socket, struct, threading, time

from wire import END_TXN


def exactly(link, size):
    data = b""
    while len(data) < size:
        more = link.recv(min(65536, size - len(data)))
        if not more:
            raise OSError("hung up")
        data += more
    return data


class Proxy:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.target = None        # (host, port) of the broker
        self.late_s = []          # for each of the next EndTxn requests: how long it is held back on the way there
        self.late_answers_s = []  # for each of the next EndTxn requests: how long its answer is held back
        self.unanswered = 0       # of so many of the next EndTxn requests the answer is lost: the connection breaks instead
        self.ends = 0
        self.deaf = ()            # requests that never arrive, by their keys
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.connect, args=(client,), daemon=True).start()

    def connect(self, client):
        try:
            server = socket.create_connection(self.target)
        except (OSError, TypeError):
            client.close()
            return
        fates = {}    # by correlation id: how long the answer is held back; None: it does not come back
        threading.Thread(target=self.carry, args=(client, server, fates, True), daemon=True).start()
        threading.Thread(target=self.carry, args=(server, client, fates, False), daemon=True).start()

    def carry(self, here, there, fates, requests):
        try:
            while True:
                size = exactly(here, 4)
                frame = exactly(here, struct.unpack(">i", size)[0])
                if requests:
                    key, _, number = struct.unpack(">hhi", frame[:8])
                    if key in self.deaf:
                        continue
                    if key == END_TXN:
                        self.ends += 1
                        if self.late_s:
                            time.sleep(self.late_s.pop(0))
                        elif self.late_answers_s:
                            fates[number] = self.late_answers_s.pop(0)
                        elif self.unanswered > 0:
                            self.unanswered -= 1
                            fates[number] = None
                else:
                    fate = fates.pop(struct.unpack(">i", frame[:4])[0], 0)
                    if fate is None:
                        raise OSError("the answer is lost")
                    time.sleep(fate)
                there.sendall(size + frame)
        except OSError:
            pass
        for link in (here, there):
            try:
                link.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            link.close()

    def close(self):
        self.listener.close()
