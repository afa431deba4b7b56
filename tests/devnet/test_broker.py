"""The private broker: real mosquitto, and the stand-in where there is none."""

import aiomqtt
import pytest

from monitor.devnet.broker import Broker
from monitor.errors import Permanent

RETAINED = ("hedgewatch/test/status", b"online")


def client(broker: Broker, **extra: object) -> aiomqtt.Client:
    return aiomqtt.Client(broker.host, broker.port, timeout=5, **extra)  # type: ignore[arg-type]


async def first_message(broker: Broker, topic: str, **extra: object) -> object:
    async with client(broker, **extra) as reader:
        await reader.subscribe(topic, qos=1)
        message = await anext(aiter(reader.messages))
        return message.payload


async def test_carries_a_message_over_mqtt_5(broker: Broker) -> None:
    async with client(broker, protocol=aiomqtt.ProtocolVersion.V5) as writer:
        await writer.publish(RETAINED[0], RETAINED[1], qos=1, retain=True)
    assert await first_message(broker, RETAINED[0]) == RETAINED[1]
    assert broker.kind == "mosquitto"
    assert f"mosquitto on 127.0.0.1:{broker.port}" in broker.says


async def test_keeps_its_port_and_its_retained_messages_through_a_restart(
    broker: Broker,
) -> None:
    async with client(broker) as writer:
        await writer.publish(RETAINED[0], RETAINED[1], qos=1, retain=True)
    port = broker.port
    await broker.restart()
    assert broker.port == port
    assert await first_message(broker, RETAINED[0]) == RETAINED[1]


async def test_a_killed_broker_takes_no_connection_until_it_is_started(broker: Broker) -> None:
    await broker.kill()
    with pytest.raises(aiomqtt.MqttError):
        await client(broker).__aenter__()
    await broker.start()
    async with client(broker):
        pass


async def test_knows_its_users(broker: Broker) -> None:
    assert broker.kind == "mosquitto"
    async with Broker(users={"watch": "s3cret"}) as closed:
        with pytest.raises(aiomqtt.MqttError):
            await client(closed).__aenter__()
        with pytest.raises(aiomqtt.MqttError):
            await client(closed, username="watch", password="wrong").__aenter__()
        async with client(closed, username="watch", password="s3cret"):
            pass


async def test_an_access_list_refuses_a_publish_over_mqtt_5(broker: Broker) -> None:
    assert broker.kind == "mosquitto"
    async with Broker(acl="topic read #\ntopic write open/#\n") as fenced:
        async with client(fenced, protocol=aiomqtt.ProtocolVersion.V5) as writer:
            await writer.publish("open/door", b"x", qos=1)
            await writer.publish("closed/door", b"x", qos=1)
        assert "Denied PUBLISH" in fenced.log
        assert fenced.log.count("Denied PUBLISH") == 1


async def test_the_stand_in_carries_messages_over_3_1_1_and_says_what_it_is() -> None:
    async with Broker(program=None) as broker:
        assert broker.kind == "amqtt"
        assert "3.1.1 only" in broker.says
        async with client(broker) as writer:
            await writer.publish(RETAINED[0], RETAINED[1], qos=1, retain=True)
        assert await first_message(broker, RETAINED[0]) == RETAINED[1]
        port = broker.port
        await broker.restart()
        assert broker.port == port
        async with client(broker):
            pass


async def test_the_stand_in_refuses_what_it_cannot_do() -> None:
    with pytest.raises(Permanent, match="need mosquitto"):
        await Broker(program=None, users={"a": "b"}).start()
