"""What happens while a build runs, as another process would do it."""

import threading


def in_thread(act):
    """Does it in a thread of its own and waits for it, as another process would."""
    failures = []

    def run():
        try:
            act()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    assert not thread.is_alive() and not failures, failures


class Once:
    """A progress report that does something at the first word of a stage."""

    def __init__(self, stage, act):
        self.stage, self.act, self.done = stage, act, False

    def __call__(self, stage, *_):
        if stage == self.stage and not self.done:
            self.done = True
            in_thread(self.act)
