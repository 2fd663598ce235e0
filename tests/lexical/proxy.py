"""A TCP proxy that can be cut or paused: what a dead and a stopped server look like to their clients."""

import selectors
import socket
import threading


class Proxy:
    """Forwards connections to `target` (host, port).

    Attributes:
        url: Where it listens.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._running = threading.Event()
        self._running.set()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._ended = self._cut = False
        threading.Thread(target=self._accept, daemon=True).start()

    def pause(self) -> None:
        """It takes connections and bytes, and answers nothing."""
        self._running.clear()

    def resume(self) -> None:
        """It goes on."""
        self._cut = False
        self._running.set()

    def cut(self) -> None:
        """It closes every connection, and each new one."""
        self._cut = True
        for each in list(self._open):
            each.close()

    def close(self) -> None:
        """Ends it."""
        self._ended = True
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while not self._ended:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._cut:
                client.close()
                continue
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        server = socket.create_connection(self._target)
        self._open |= {client, server}
        other = {client: server, server: client}
        try:
            with selectors.DefaultSelector() as ready:
                for each in other:
                    ready.register(each, selectors.EVENT_READ)
                while not self._cut:
                    for key, _ in ready.select(0.2):
                        data = key.fileobj.recv(65_536)
                        if not data:
                            return
                        self._running.wait()
                        other[key.fileobj].sendall(data)
        except (OSError, ValueError):
            return
        finally:
            self._open -= {client, server}
            client.close()
            server.close()
