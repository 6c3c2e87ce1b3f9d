"""A headless Chromium for tests: opens a page, notes what it asks for, runs JavaScript in it."""

import asyncio
import base64
import contextlib
import json
import shutil
import subprocess
import time
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--remote-debugging-port=0",
    "--window-size=1280,1600",
)
PATIENCE = 30  # seconds for any one answer


def program() -> str | None:
    """The path of a Chromium, None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Moved(Exception):
    """The page went elsewhere before it answered."""


class Browser:
    """One page of a Chromium that lives as long as the `with` block, spoken to by DevTools.

    `requests` are the addresses that the page asked for since `open`, `errors` what it threw.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.requests: list[str] = []
        self.errors: list[str] = []
        self._loaded = False
        self._count = 0
        self._session = None

    def __enter__(self) -> "Browser":
        self._loop = asyncio.new_event_loop()
        self._process = subprocess.Popen(
            [program(), *OPTIONS, f"--user-data-dir={self.folder}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._loop.run_until_complete(self._connect())
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime"):
            self.send(f"{domain}.enable")
        return self

    def __exit__(self, *_) -> None:
        with contextlib.suppress(Exception):
            self._socket.close()
        self._process.terminate()
        self._process.wait(PATIENCE)
        self._loop.close()

    def open(self, address: str) -> None:
        """Load a page and wait until it has settled."""
        self.requests, self.errors, self._loaded = [], [], False
        self.send("Page.navigate", url=address)
        self._loop.run_until_complete(self._until(lambda: self._loaded))
        self.run("new Promise(done => setTimeout(done, 300))")

    def run(self, code: str):
        """The value of a JavaScript expression in the page, awaited if it is a promise."""
        answer = self.send(
            "Runtime.evaluate", expression=code, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise AssertionError(f"{code}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait_for(self, code: str) -> None:
        """Wait until a JavaScript expression is true."""
        end = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(Moved):
                if self.run(code):
                    return
            assert time.monotonic() < end, f"never true: {code}"
            time.sleep(0.1)

    def screenshot(self, path: Path) -> None:
        """Write what the page shows, as PNG."""
        data = self.send("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(data))

    def send(self, method: str, **parameters) -> dict:
        """The answer to a DevTools command."""
        return self._loop.run_until_complete(self._send(method, parameters))

    async def _connect(self) -> None:
        from tornado.websocket import websocket_connect

        file = self.folder / "DevToolsActivePort"
        end = time.monotonic() + PATIENCE
        while not (file.is_file() and len(file.read_text().split()) == 2):
            assert time.monotonic() < end, "the browser did not start"
            await asyncio.sleep(0.05)
        port, path = file.read_text().split()
        self._socket = await websocket_connect(
            f"ws://127.0.0.1:{port}{path}", max_message_size=2**28
        )

    async def _send(self, method: str, parameters: dict) -> dict:
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        await self._socket.write_message(json.dumps(message))
        while True:
            answer = await self._receive()
            if answer.get("id") == self._count:
                if "navigated" in answer.get("error", {}).get("message", ""):
                    raise Moved(method)
                assert "error" not in answer, f"{method}: {answer.get('error')}"
                return answer["result"]

    async def _until(self, done) -> None:
        while not done():
            await self._receive()

    async def _receive(self) -> dict:
        text = await asyncio.wait_for(self._socket.read_message(), PATIENCE)
        assert text is not None, "the browser closed the connection"
        message = json.loads(text)
        content = message.get("params", {})
        match message.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(content["request"]["url"])
            case "Runtime.exceptionThrown":
                self.errors.append(json.dumps(content["exceptionDetails"]))
            case "Page.loadEventFired":
                self._loaded = True
        return message
