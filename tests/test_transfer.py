"""Transfers over HTTP: whole, resumed, refused, and without a network."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from publisher import publishing

from clinlib.corpora import transfer as transfers
from clinlib.corpora.transfer import forget, transfer
from clinlib.errors import ClinlibError

CONTENT = bytes(range(256)) * 2000


@pytest.fixture(scope="module")
def server():
    with publishing() as publisher:
        yield publisher


@pytest.fixture
def publisher(server, monkeypatch):
    server.files, server.tags, server.breaks = {"/a.tsv": CONTENT}, {}, []
    server.ranges, server.asked = True, []
    monkeypatch.setattr(transfers, "PAUSE", 0.0)
    return server


def test_a_file_comes_whole_and_is_asked_for_once(publisher, tmp_path):
    said = []
    place = transfer(f"{publisher.url}/a.tsv", tmp_path / "x" / "a.tsv", said.append)
    assert place.read_bytes() == CONTENT
    assert transfer(f"{publisher.url}/a.tsv", place, said.append) == place
    assert publisher.asked == [("/a.tsv", "")]
    assert said == ["a.tsv: 0.5 MB, complete"]
    assert [path.name for path in place.parent.iterdir()] == ["a.tsv"]


@given(breaks=st.lists(st.integers(1, len(CONTENT) - 1), max_size=2), tagged=st.booleans())
def test_wherever_the_connection_breaks_off_the_rest_is_asked_for(
    server, tmp_path_factory, breaks, tagged
):
    server.files, server.tags = {"/a.tsv": CONTENT}, {"/a.tsv": '"1"'} if tagged else {}
    server.breaks, server.ranges, server.asked = list(breaks), True, []
    before, transfers.PAUSE = transfers.PAUSE, 0.0
    try:
        place = tmp_path_factory.mktemp("came") / "a.tsv"
        assert transfer(f"{server.url}/a.tsv", place, str).read_bytes() == CONTENT
    finally:
        transfers.PAUSE = before
    came = 0
    assert server.asked[0] == ("/a.tsv", "")
    for size, (_, wanted) in zip(breaks, server.asked[1:], strict=False):
        came += size
        if came < len(CONTENT):
            assert wanted == f"bytes={came}-"


def test_a_third_break_ends_it_and_the_next_call_goes_on(publisher, tmp_path):
    publisher.breaks = [1000, 2000, 3000]
    with pytest.raises(ClinlibError, match="after 6 kB of .*; what came is kept, run again"):
        transfer(f"{publisher.url}/a.tsv", tmp_path / "a.tsv", str)
    assert (tmp_path / "a.tsv.part").read_bytes() == CONTENT[:6000]
    said = []
    assert transfer(f"{publisher.url}/a.tsv", tmp_path / "a.tsv", said.append).read_bytes()
    assert publisher.asked[-1] == ("/a.tsv", "bytes=6000-")
    assert said[0] == "a.tsv: going on after 6 kB"
    assert (tmp_path / "a.tsv").read_bytes() == CONTENT


def test_another_file_by_now_is_taken_from_its_beginning(publisher, tmp_path):
    publisher.tags["/a.tsv"] = '"1"'
    publisher.breaks = [1000, 1000, 1000]
    with pytest.raises(ClinlibError):
        transfer(f"{publisher.url}/a.tsv", tmp_path / "a.tsv", str)
    publisher.files["/a.tsv"], publisher.tags["/a.tsv"] = CONTENT[::-1], '"2"'
    place = transfer(f"{publisher.url}/a.tsv", tmp_path / "a.tsv", str)
    assert place.read_bytes() == CONTENT[::-1]


def test_a_server_without_ranges_gives_the_whole_file_again(publisher, tmp_path):
    publisher.ranges, publisher.breaks = False, [1000, 2000]
    place = transfer(f"{publisher.url}/a.tsv", tmp_path / "a.tsv", str)
    assert place.read_bytes() == CONTENT


def test_what_is_whole_already_is_not_asked_for_again(publisher, tmp_path):
    (tmp_path / "a.tsv.part").write_bytes(CONTENT)
    place = transfer(f"{publisher.url}/a.tsv", tmp_path / "a.tsv", str)
    assert place.read_bytes() == CONTENT and len(publisher.asked) == 1


def test_what_is_longer_than_the_servers_file_is_dropped(publisher, tmp_path):
    (tmp_path / "a.tsv.part").write_bytes(CONTENT + b"more")
    assert transfer(f"{publisher.url}/a.tsv", tmp_path / "a.tsv", str).read_bytes() == CONTENT


def test_a_refusal_is_named_and_not_tried_again(publisher, tmp_path):
    with pytest.raises(ClinlibError, match=r"127.0.0.1:\d+ answers 404 Not Found for http://.*/b$"):
        transfer(f"{publisher.url}/b", tmp_path / "b", str)
    assert len(publisher.asked) == 1 and not list(tmp_path.iterdir())


def test_without_a_network_nobody_answers(tmp_path):
    with publishing() as gone:
        url = gone.url
    with pytest.raises(ClinlibError, match=r"no answer from 127.0.0.1:\d+ \(.*refused"):
        transfer(f"{url}/a.tsv", tmp_path / "a.tsv", str)
    with pytest.raises(ClinlibError, match="no answer from no-such-host.invalid"):
        transfer("http://no-such-host.invalid/a.tsv", tmp_path / "a.tsv", str)


def test_how_far_it_is_is_said_in_lines(publisher, tmp_path, monkeypatch):
    monkeypatch.setattr(transfers, "SECONDS_BETWEEN_LINES", 0.0)
    said = []
    transfer(f"{publisher.url}/a.tsv", tmp_path / "a.tsv", said.append)
    assert "a.tsv: 0.1 MB of 0.5 MB (25 %)" in said
    assert all("\r" not in line for line in said)


def test_what_is_forgotten_is_gone_with_its_part(tmp_path):
    for name in ("a.tsv", "a.tsv.part", "a.tsv.part.tag", "b"):
        (tmp_path / name).write_text("")
    forget(tmp_path / "a.tsv")
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
