"""The embedding models of all index versions, opened before a search needs them: another one may become live any moment."""

import threading
import time

from resources.embedding import Embedder
from resources.errors import RageError, ServiceUnavailable
from resources.logs import get_logger
from resources.platform import Platform
from resources.postgres import index_versions

_log = get_logger(__name__)
_LOOK_S = 10.0
# A search rather answers by words than to wait for a model, which takes seconds, on its first use minutes.
_PATIENCE_S = 1.0
_AGAIN_S = 60.0
_SERVER_AGAIN_S = 5.0


class ModelsInUse:
    """Opens models in a thread of its own.

    Args:
        platform: The parts, in the role `api`.
        look_s: Seconds between two looks at which models there are.
    """

    def __init__(self, platform: Platform, look_s: float = _LOOK_S) -> None:
        self._platform = platform
        self._look_s = look_s
        self._asked: set[str] = set()
        self._failed: dict[str, float] = {}
        self._wake = threading.Event()
        self._opened = threading.Condition()
        self._ended = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to look, unless it does."""
        if not self._runs():
            self._ended = False
            self._thread = threading.Thread(target=self._run, name="models-in-use", daemon=True)
            self._thread.start()

    def _runs(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def close(self) -> None:
        """Ends when the model that is being opened is open: a runtime that still loads would crash the interpreter."""
        self._ended = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(10)

    def embedder_of(self, model: str) -> Embedder:
        """The embedder of a model. The configured one of this machine is waited for, any other only for a moment.

        Raises:
            ServiceUnavailable: It is not open yet; it is being opened, or that has just failed.
            InvalidSettings: The configured model cannot be used.
        """
        found = self._platform.loaded_embedder(model)
        if found is not None:
            return found
        settings = self._platform.settings
        is_here = model == settings.embedding_model and not settings.embedding_url
        if is_here or not self._runs():
            return self._platform.embedder_of(model)
        if self._has_failed(model):
            raise ServiceUnavailable(f"The model {model} cannot be opened.", hint="The log says why; it is tried again.")
        self._asked.add(model)
        self._wake.set()
        with self._opened:
            self._opened.wait_for(
                lambda: self._platform.loaded_embedder(model) is not None or self._has_failed(model), _PATIENCE_S
            )
        found = self._platform.loaded_embedder(model)
        if found is None:
            raise ServiceUnavailable(f"The model {model} is still being opened.")
        return found

    def _has_failed(self, model: str) -> bool:
        return self._failed.get(model, 0) > time.monotonic()

    def _run(self) -> None:
        while not self._ended:
            self._wake.clear()
            try:
                self.look()
            except Exception as error:  # whatever it is, the next look may do better
                _log.warning("models_not_looked_up", reason=str(error))
            self._wake.wait(self._look_s)

    def look(self) -> None:
        """Opens every model that is in use and not open yet."""
        for model in self._in_use() | self._asked:
            if self._ended:
                return
            if self._platform.loaded_embedder(model) is None and not self._has_failed(model):
                self._open(model)

    def _open(self, model: str) -> None:
        try:
            # the first query of a runtime takes longer than all others
            self._platform.embedder_of(model).encode_queries(["warm up"])
        except Exception as error:  # a version whose model cannot be used answers by words, and ingestion gives it up
            again_s = _SERVER_AGAIN_S if isinstance(error, ServiceUnavailable) else _AGAIN_S
            self._failed[model] = time.monotonic() + again_s
            _log.error("model_not_opened", model=model, reason=str(error))
        with self._opened:
            self._opened.notify_all()

    def _in_use(self) -> set[str]:
        with self._platform.database.transaction() as connection:
            found = set(index_versions.models_in_use(connection))
            elsewhere = index_versions.dedicated_databases(connection)
        for name in elsewhere:
            try:
                with self._platform.content(name).transaction() as connection:
                    found |= set(index_versions.models_in_use(connection))
            except RageError as error:
                _log.warning("dedicated_database_not_reached", database=name, reason=str(error))
        return found
