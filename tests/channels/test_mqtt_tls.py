"""TLS by a real mosquitto: what opens, and one clear sentence for whatever does not."""

import logging
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from monitor.channels.mqtt_tls import tls_context
from monitor.channels.settings import MqttSettings, TlsSettings
from monitor.channels.visits import visit_mqtt
from monitor.clock import SystemClock
from monitor.config import read_draft
from monitor.devnet.broker import Broker
from monitor.devnet.mosquitto import Tls
from monitor.errors import Transient
from tests.channels.pki import Authority, authority, openssl

pytestmark = pytest.mark.usefixtures("mosquitto")
EVENT = "hedgewatch/home/event"


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Our authority, and a second one beside it."""
    return authority(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def other(ours: Authority) -> Authority:
    return authority(ours.folder, "other")


def server(
    by: Authority, name: str = "server", *, asks: Authority | None = None, **how: Any
) -> Tls:
    cert, key = by.certify(name, **how)
    return Tls(cert=cert, key=key, clients=asks.cert if asks else None)


def trusting(by: Authority, *, showing: tuple[Path, Path] | None = None) -> TlsSettings:
    cert, key = map(str, showing) if showing else (None, None)
    return TlsSettings(ca=str(by.cert), cert=cert, key=key)


async def trouble(shown: Tls | None, **settings: Any) -> str:
    """Return what a visit says that cannot come in."""
    async with Broker(tls=shown) as broker:
        given: dict[str, Any] = {"host": broker.host, "port": broker.port, "timeout_s": 2.0}
        given |= settings
        with pytest.raises(Transient) as caught:
            await visit_mqtt(MqttSettings(**given), "home")
        return str(caught.value).removeprefix(f"the MQTT broker at {given['host']}:{broker.port}: ")


@pytest.mark.parametrize("protocol", ["auto", "5", "3.1.1"])
async def test_an_alert_arrives_by_tls_with_a_password(
    ours: Authority, running: Any, make_message: Any, tmp_path: Path, protocol: str
) -> None:
    word = tmp_path / "word"
    word.write_text("the password")
    word.chmod(0o600)
    login = {"username": "daemon", "password": f"file:{word}"}
    opened = trusting(ours)
    async with (
        Broker(users={"daemon": "the password"}, tls=server(ours)) as broker,
        aiomqtt.Client(
            broker.host, broker.port, username="daemon", password="the password",
            tls_context=tls_context(opened),
        ) as client,
        running(broker, tls=opened, protocol=protocol, **login) as channel,
    ):  # fmt: skip
        await client.subscribe(EVENT, qos=1)
        await channel.send(make_message())
        message = await anext(aiter(client.messages))
        assert message.topic.value == EVENT


async def test_a_client_certificate_opens_where_it_is_asked_for(
    ours: Authority, running: Any, make_message: Any
) -> None:
    mine = trusting(ours, showing=ours.certify("daemon", host="DNS:daemon"))
    async with Broker(tls=server(ours, asks=ours)) as broker, running(broker, tls=mine) as channel:
        await channel.send(make_message())


async def test_a_certificate_and_its_key_may_lie_in_one_file(ours: Authority) -> None:
    cert, key = ours.certify("both", host="DNS:both")
    cert.write_text(cert.read_text() + key.read_text())
    cert.chmod(0o600)
    given = TlsSettings(ca=str(ours.cert), cert=str(cert))
    async with Broker(tls=server(ours, asks=ours)) as broker:
        settings = MqttSettings(host=broker.host, port=broker.port, tls=given)
        assert "MQTT 5, QoS 1 acknowledged" in await visit_mqtt(settings, "home")


async def test_a_broker_of_another_authority_is_told_by_the_file_that_lacks_it(
    ours: Authority, other: Authority
) -> None:
    told = await trouble(server(ours), tls=trusting(other))
    assert told == f"its certificate is vouched for by nobody in {other.cert}: see tls.ca"
    told = await trouble(server(ours), tls=True)
    assert told == "its certificate is vouched for by nobody this machine trusts: see tls.ca"


async def test_an_expired_broker_is_told(ours: Authority) -> None:
    old = server(ours, "old", days=-1)
    assert await trouble(old, tls=trusting(ours)) == "its certificate has expired"


async def test_a_broker_of_another_name_is_told(ours: Authority) -> None:
    elsewhere = server(ours, "elsewhere", host="DNS:elsewhere.example")
    told = await trouble(elsewhere, tls=trusting(ours))
    assert told == "its certificate is not made out to 127.0.0.1"
    numbered = server(ours)  # to its address, and to no name
    told = await trouble(numbered, tls=trusting(ours), host="localhost")
    assert told == "its certificate is not made out to localhost"


async def refused(*given: Any, **more: Any) -> str:
    """Return what is wrong, asked again while the reason is lost with the connection.

    In TLS 1.3 a client's certificate is refused after the handshake, as the broker hangs up.
    """
    for _ in range(20):
        told = await trouble(*given, **more)
        if "hung up without an answer" not in told:
            break
    return told


@pytest.mark.parametrize("protocol", ["auto", "5", "3.1.1"])
async def test_a_client_certificate_that_is_missing_or_not_taken_is_told(
    ours: Authority, other: Authority, protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="monitor")
    asking = server(ours, asks=ours)
    told = await refused(asking, tls=trusting(ours), protocol=protocol)
    assert told == "it wants a certificate of ours: see tls.cert"
    stranger = other.certify("stranger", host="DNS:x")
    told = await refused(asking, tls=trusting(ours, showing=stranger), protocol=protocol)
    assert told == f"it does not trust who vouches for the certificate {stranger[0]}"
    past = ours.certify("past", host="DNS:x", days=-1)
    told = await refused(asking, tls=trusting(ours, showing=past), protocol=protocol)
    assert told == f"it says that the certificate {past[0]} has expired"
    assert "speaks 3.1.1 only" not in caplog.text


async def test_tls_on_one_side_only_is_guessed_at(ours: Authority) -> None:
    told = await trouble(server(ours))
    assert told == "the broker hung up without an answer (does it expect TLS?)"
    told = await trouble(None, tls=trusting(ours))
    assert told == "it hung up at once: does it speak TLS on this port?"


async def test_the_daemon_says_it_once_and_goes_on_trying(
    ours: Authority, running: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="monitor")
    async with (
        Broker(tls=server(ours, "late", days=-1)) as broker,
        running(broker, tls=trusting(ours), wait=False) as channel,
    ):
        while broker.log.count("New connection") < 5:
            await SystemClock().sleep(0.01)
        assert channel._connection.trouble == "its certificate has expired"
    said = [one for one in caplog.messages if "no connection" in one]
    assert said == [f"mqtt: no connection to {channel.where}: its certificate has expired"]


# --- files ----------------------------------------------------------------------------------


def fault(**files: Path | str) -> str:
    with pytest.raises(ValueError, match="tls") as caught:
        tls_context(TlsSettings(**{name: str(file) for name, file in files.items()}))
    return str(caught.value)


def test_a_file_that_is_of_no_use_is_named_with_what_is_wrong(
    ours: Authority, other: Authority
) -> None:
    cert, key = ours.certify("files", host="DNS:x")
    _, strange = other.certify("strange", host="DNS:x")
    locked = ours.folder / "locked.key"
    openssl("pkcs8", "-topk8", "-in", key, "-out", locked, "-passout", "pass:word")
    shared = ours.folder / "shared.key"
    shared.write_text(key.read_text())
    shared.chmod(0o644)
    assert fault(ca="/nowhere/ca.pem") == (
        "tls.ca /nowhere/ca.pem cannot be read: No such file or directory"
    )
    assert fault(ca=key) == f"tls.ca {key} holds no certificate in PEM form"
    assert fault(cert=cert) == f"tls.key {cert} holds no private key in PEM form"
    assert fault(cert=cert, key=strange) == f"tls.key {strange} is not the key of tls.cert {cert}"
    assert fault(cert=cert, key=locked) == (
        f"tls.key {locked} is locked by a passphrase: give it without one"
    )
    assert fault(cert=cert, key=shared) == (
        f"tls.key {shared} is readable by everyone: chmod 600 it"
    )


def test_the_files_lie_beside_the_config(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    tls = '{ ca = "ca.pem", cert = "/etc/me.pem" }'
    config.write_text(f'[channel.mqtt]\nhost = "h"\ntls = {tls}\n')
    mqtt = read_draft(config).settings.channel.mqtt
    assert mqtt is not None
    assert mqtt.tls == TlsSettings(ca=str(tmp_path / "ca.pem"), cert="/etc/me.pem")
