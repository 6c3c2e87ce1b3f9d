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
KEYS = {"Tab": (9, ""), "Enter": (13, "\r"), "Space": (32, " ")}  # virtual code, text
FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
PATIENCE = 120  # seconds for any one answer; axe-core takes long on a busy machine


def program() -> str | None:
    """The path of a Chromium, None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Moved(Exception):
    """The page went elsewhere before it answered."""


class Browser:
    """One page of a Chromium that lives as long as the `with` block, spoken to by DevTools.

    `requests` are the addresses that the page asked for since `open`, `failed` those that gave
    nothing, `errors` what it threw or wrote to the console as an error.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.requests: list[str] = []
        self.failed: list[str] = []
        self.errors: list[str] = []
        self._asked: dict[str, str] = {}
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
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.send(f"{domain}.enable")
        return self

    def __exit__(self, *_) -> None:
        with contextlib.suppress(Exception):
            self._socket.close()
        self._process.terminate()
        self._process.wait(PATIENCE)
        self._loop.close()

    def open(self, address: str) -> None:
        """Load a page and wait until it has settled: scripts that follow its layout ran too."""
        self.requests, self.failed, self.errors, self._loaded = [], [], [], False
        self.send("Page.navigate", url=address)
        self._loop.run_until_complete(self._until(lambda: self._loaded))
        self.run(FRAMES)  # observers of sizes are told with a frame, late on a busy machine
        self.run("new Promise(done => setTimeout(done, 300))")

    def show(self, width: int, height: int, scheme: str = "light", media: str = "screen") -> None:
        """Show pages at `width` x `height` CSS pixels, to a system that prefers `scheme`."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        preferred = [{"name": "prefers-color-scheme", "value": scheme}]
        self.send("Emulation.setEmulatedMedia", media=media, features=preferred)

    def press(self, key: str) -> None:
        """Press and release a key, such as Tab or Enter, where the focus is."""
        code, text = KEYS[key]
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            self.send(
                "Input.dispatchKeyEvent",
                type=kind,
                key=text if key == "Space" else key,
                code=key,
                windowsVirtualKeyCode=code,
                **more,
            )

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
                self._asked[content["requestId"]] = content["request"]["url"]
                self.requests.append(content["request"]["url"])
            case "Network.loadingFailed" if not content.get("canceled"):
                self.failed.append(
                    f"{self._asked.get(content['requestId'])} {content['errorText']}"
                )
            case "Network.responseReceived" if content["response"]["status"] >= 400:
                self.failed.append(f"{content['response']['url']} {content['response']['status']}")
            case "Runtime.exceptionThrown":
                self.errors.append(json.dumps(content["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if content["type"] in ("error", "assert"):
                self.errors.append(json.dumps(content["args"]))
            case "Log.entryAdded" if content["entry"]["level"] == "error":
                self.errors.append(json.dumps(content["entry"]))
            case "Page.loadEventFired":
                self._loaded = True
        return message
