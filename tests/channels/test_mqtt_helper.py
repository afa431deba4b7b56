"""A daemon that helps another carries its events, and touches nothing that is retained."""

import asyncio
from socket import SHUT_RDWR
from typing import Any

from monitor.channels.mqtt import MqttChannel, MqttSettings
from monitor.devnet.broker import Broker


async def test_a_helper_s_events_come_and_what_is_retained_stays_the_leader_s(
    *, broker: Broker, listening: Any, running: Any, make_message: Any, become_connected: Any
) -> None:
    settings = MqttSettings(host=broker.host, port=broker.port, heartbeat_s=0, timeout_s=2.0)
    async with running(broker) as leader, listening(broker) as ear:
        await leader.show({"alert/x/state": '{"state":"firing"}'})
        await ear.until(lambda heard: heard.payloads("hedgewatch/home/alert/x/state"))
        clock = leader._clock
        helper = MqttChannel(settings, "home", clock=clock, random=lambda: 0.5, helper="b")
        gone = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(helper.run(gone), name="helper")
            await become_connected(helper)
            await helper.show({"alert/y/state": "never"})
            await helper.send(make_message())
            await leader.send(make_message(idem="by the leader"))
            gone.set()
        await ear.until(lambda heard: len(heard.payloads("hedgewatch/home/event")) == 2)
        assert leader.connected
        async with listening(broker) as later:
            await later.until(lambda heard: len(heard.retained()) == 2)
            told = later.retained()
    assert '"online"' in told["hedgewatch/home/status"]
    assert told["hedgewatch/home/alert/x/state"] == '{"state":"firing"}'
    assert "hedgewatch/home/alert/y/state" not in {one.topic.value for one in ear.heard}
    assert not any("offline" in one for one in ear.payloads("hedgewatch/home/status")[:1])


async def test_a_helper_that_vanishes_leaves_no_will(
    broker: Broker, listening: Any, running: Any, become_connected: Any
) -> None:
    settings = MqttSettings(
        host=broker.host, port=broker.port, heartbeat_s=0, timeout_s=2.0, will_delay_s=0
    )
    async with running(broker) as leader, listening(broker) as ear:
        helper = MqttChannel(settings, "home", clock=leader._clock, random=lambda: 0.5, helper="b")
        async with asyncio.TaskGroup() as group:
            gone = asyncio.Event()
            group.create_task(helper.run(gone), name="helper")
            await become_connected(helper)
            assert helper._connection.link is not None
            helper._connection.link._paho.socket().shutdown(SHUT_RDWR)  # as a machine that dies
            await become_connected(helper, is_it=False)
            gone.set()
        await leader.show({"alert/x/state": "1"})
        await ear.until(lambda heard: heard.payloads("hedgewatch/home/alert/x/state"))
        assert not any("offline" in one for one in ear.payloads("hedgewatch/home/status"))
