"""The bytes that are sent."""

import pytest

from shared.wire.wire import Origin, request


def test_a_request_has_its_own_host_length_and_encoding() -> None:
    asked = request("POST", "http://a.example:81/v1/x?y=1#z", {"X-Y": "ü"}, b"{}")
    assert asked.origin == Origin("http", "a.example", 81)
    assert asked.head_and_body == (
        b"POST /v1/x?y=1 HTTP/1.1\r\n"
        b"Host: a.example:81\r\n"
        b"Accept-Encoding: identity\r\n"
        b"X-Y: \xc3\xbc\r\n"
        b"Content-Length: 2\r\n\r\n{}"
    )


def test_a_get_has_no_length_and_an_empty_post_has_zero() -> None:
    assert b"Length" not in request("GET", "http://a").head_and_body
    assert b"Content-Length: 0\r\n" in request("POST", "http://a").head_and_body


@pytest.mark.parametrize(
    ("url", "origin", "host"),
    [
        ("https://A.example", Origin("https", "a.example", 443), "a.example"),
        ("https://a.example:80/", Origin("https", "a.example", 80), "a.example:80"),
        ("http://[::1]/", Origin("http", "::1", 80), "[::1]"),
        ("http://[::1]:8000", Origin("http", "::1", 8000), "[::1]:8000"),
        ("http://[fe80::1%25eth0]:8", Origin("http", "fe80::1%eth0", 8), "[fe80::1]:8"),
        ("http://my_box:8000", Origin("http", "my_box", 8000), "my_box:8000"),
        ("http://bücher.example", Origin("http", "xn--bcher-kva.example", 80), None),
    ],
)
def test_an_origin_knows_its_host_header(
    url: str, origin: Origin, host: str | None
) -> None:
    assert Origin.of(url) == origin
    assert origin.host_header == (host or origin.host)


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://a", "a.example", "http://", "http://a:99999", "http://u:pw@a"),
        *("http:///x", "http://a:0", "http://a b", "http://a\0b", "http://a..b"),
    ],
)
def test_what_is_no_http_url_is_refused_without_showing_a_password(url: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - several sentences
        Origin.of(url)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("value", ["a\r\nb", "a\nb", "a\rb", "a\0b", "a\x1bb", "\x7f"])
def test_a_header_cannot_end_its_line_and_its_value_is_not_shown(value: str) -> None:
    with pytest.raises(ValueError, match="header Authorization") as caught:
        request("GET", "http://a", {"Authorization": f"Bearer secret{value}"})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\nb", "é"])
def test_a_header_name_must_be_a_token(name: str) -> None:
    with pytest.raises(ValueError, match="not a header name"):
        request("GET", "http://a", {name: "x"})


@pytest.mark.parametrize(
    "name", ["Host", "content-length", "Transfer-Encoding", "Accept-Encoding"]
)
def test_what_the_wire_sets_cannot_be_given(name: str) -> None:
    with pytest.raises(ValueError, match="set by the wire"):
        request("GET", "http://a", [(name, "x")])


@pytest.mark.parametrize("path", ["/a b", "/é", "/a\tb"])
def test_a_path_that_would_break_the_request_line_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"percent-encode|visible"):
        request("GET", f"http://a{path}\x7f")


@pytest.mark.parametrize("method", ["HEAD", "CONNECT", "GET /x", ""])
def test_methods_whose_answers_have_no_frame_are_refused(method: str) -> None:
    with pytest.raises(ValueError, match="not spoken"):
        request(method, "http://a")
