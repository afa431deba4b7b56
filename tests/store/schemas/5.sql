BEGIN TRANSACTION;
CREATE TABLE checkpoint (
    key TEXT PRIMARY KEY, chain_id INTEGER NOT NULL, json TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "checkpoint" VALUES('1:0xC36442b4a4522E871399CD717aBDD847Ab11FE88:7',1,'{"key":"1:0xC36442b4a4522E871399CD717aBDD847Ab11FE88:7","first":10,"next_block":20}');
CREATE TABLE decision (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, alert_id TEXT NOT NULL,
    idem TEXT NOT NULL, channel TEXT NOT NULL, choice TEXT NOT NULL, reason TEXT NOT NULL
);
INSERT INTO "decision" VALUES(1,1583785000000000,'A1B2C3','e:L2.add:book:1:firing','mqtt','sent','routed');
CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT, idem TEXT NOT NULL UNIQUE, key TEXT NOT NULL,
    alert_id TEXT NOT NULL, at INTEGER NOT NULL, payload TEXT NOT NULL, expires_at INTEGER
);
INSERT INTO "event" VALUES(1,'e:L2.add:book:1:firing','L2.add|book','A1B2C3',1583785000000000,'{}',NULL);
INSERT INTO "event" VALUES(2,'e:L2.add:book:1:resolved','L2.add|book','A1B2C3',1583785100000000,'{}',1583786000000000);
CREATE TABLE inbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, json TEXT NOT NULL,
    at INTEGER NOT NULL, result TEXT
);
INSERT INTO "inbox" VALUES(1,'w1','{}',1583785000000000,'L2 on');
INSERT INTO "inbox" VALUES(2,'w2','{}',1583785000000000,NULL);
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('created_at',1583785000000000);
INSERT INTO "meta" VALUES('schema',5);
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event INTEGER NOT NULL REFERENCES event (id),
    channel TEXT NOT NULL, key TEXT NOT NULL, queued_at INTEGER NOT NULL, due INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, sending INTEGER NOT NULL DEFAULT 0,
    ambiguous INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '',
    done_at INTEGER, dead_at INTEGER, unanswered INTEGER NOT NULL DEFAULT 0,
    CHECK (done_at IS NULL OR dead_at IS NULL), UNIQUE (event, channel)
);
INSERT INTO "outbox" VALUES(1,1,'mqtt','L2.add|book',1583785000000000,1583785000000000,1,0,0,'',1583785001000000,NULL,0);
INSERT INTO "outbox" VALUES(2,1,'telegram','L2.add|book',1583785000000000,1583785060000000,2,0,1,'no answer',NULL,NULL,1);
INSERT INTO "outbox" VALUES(3,2,'mqtt','L2.add|book',1583785100000000,1583785100000000,3,0,0,'gone',NULL,1583785200000000,0);
INSERT INTO "outbox" VALUES(4,2,'telegram','L2.add|book',1583785100000000,1583785100000000,0,0,0,'',NULL,NULL,0);
CREATE TABLE poll (
    id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, at INTEGER NOT NULL,
    number INTEGER, hash TEXT, gap TEXT, requests INTEGER NOT NULL
);
INSERT INTO "poll" VALUES(1,'ethereum',1583785000000000,9638000,'0xaa',NULL,2);
INSERT INTO "poll" VALUES(2,'ethereum',1583785012000000,NULL,NULL,'timeout',1);
CREATE TABLE sample (
    id INTEGER PRIMARY KEY, series TEXT NOT NULL, at INTEGER NOT NULL, value REAL NOT NULL
);
INSERT INTO "sample" VALUES(1,'vix|',1583784900000000,54.46);
INSERT INTO "sample" VALUES(2,'vix|',1583785200000000,61.59);
CREATE TABLE state (
    kind TEXT NOT NULL, key TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID;
INSERT INTO "state" VALUES('meta','at','2020-03-09T20:15:00+00:00');
CREATE TABLE tally (
    source TEXT PRIMARY KEY, polls INTEGER NOT NULL, gaps INTEGER NOT NULL,
    requests INTEGER NOT NULL
) WITHOUT ROWID
;
INSERT INTO "tally" VALUES('ethereum',2,1,3);
CREATE INDEX sample_by_series ON sample (series, at);
CREATE INDEX outbox_waiting ON outbox (channel, id) WHERE done_at IS NULL AND dead_at IS NULL;
CREATE INDEX outbox_waiting_by_key ON outbox (channel, key, id)
    WHERE done_at IS NULL AND dead_at IS NULL;
CREATE INDEX outbox_dead ON outbox (id) WHERE dead_at IS NOT NULL;
CREATE INDEX inbox_unheard ON inbox (seq) WHERE result IS NULL;
CREATE INDEX poll_by_source ON poll (source, id);
CREATE INDEX checkpoint_by_chain ON checkpoint (chain_id)
;
CREATE INDEX decision_by_alert ON decision (alert_id, id);
CREATE INDEX decision_by_event ON decision (idem)
;
CREATE INDEX event_by_alert ON event (alert_id, id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('event',2);
INSERT INTO "sqlite_sequence" VALUES('outbox',4);
INSERT INTO "sqlite_sequence" VALUES('inbox',2);
INSERT INTO "sqlite_sequence" VALUES('poll',2);
INSERT INTO "sqlite_sequence" VALUES('decision',1);
COMMIT;
