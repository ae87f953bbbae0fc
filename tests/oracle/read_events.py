"""Event files of TensorBoard, decoded without protobuf and without this project's code, held against the table of epochs:
read_events.py RUNS EPOCHS.csv. Field numbers are those of TensorFlow's event.proto and summary.proto, of TensorBoard's hparams
plugin_data.proto and of protobuf's struct.proto. Every scalar must be the table's number of that run, epoch, set and metric, to the
bit, and every number of the table must be in a file."""
import csv
import math
import os
import struct
import sys


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(path):
    """TFRecord: length, its checksum, bytes, their checksum."""
    data, at = open(path, "rb").read(), 0
    while at < len(data):
        (n, check) = struct.unpack_from("<QI", data, at)
        assert check == masked(data[at : at + 8]), f"{path}: checksum of the length at byte {at}"
        body = data[at + 12 : at + 12 + n]
        assert len(body) == n and struct.unpack_from("<I", data, at + 12 + n)[0] == masked(body), f"{path}: checksum at byte {at}"
        yield body
        at += 16 + n


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def fields(data):
    """A message: number of a field -> its values, bytes but for whole numbers."""
    found, at = {}, 0
    while at < len(data):
        tag, at = varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = varint(data, at)
        else:
            n = {1: 8, 5: 4}.get(kind)
            if kind == 2:
                n, at = varint(data, at)
            value, at = data[at : at + n], at + n
            assert len(value) == n, "a field is cut off"
        found.setdefault(tag >> 3, []).append(value)
    return found


def setting(data):
    """google.protobuf.Value: number_value 2, string_value 3."""
    value = fields(data)
    return struct.unpack("<d", value[2][0])[0] if 2 in value else value[3][0].decode()


def run(path):
    """Settings, and (step, tag) -> number, of a file."""
    settings, scalars, version = {}, {}, None
    for record in records(path):
        event = fields(record)
        assert len(event[1][0]) == 8, f"{path}: wall_time is no double"
        if 3 in event:
            version = event[3][0].decode()
        for summary in event.get(5, []):
            for value in map(fields, fields(summary)[1]):
                tag = value[1][0].decode()
                if 2 in value:
                    assert (event[2][0], tag) not in scalars, f"{path}: {tag} twice"
                    scalars[event[2][0], tag] = struct.unpack("<f", value[2][0])[0]
                elif 9 in value:
                    plugin = fields(fields(value[9][0])[1][0])
                    assert plugin[1][0] == b"hparams", f"{path}: plugin {plugin[1][0]}"
                    start = fields(fields(plugin[2][0])[3][0])
                    for entry in map(fields, start[1]):
                        settings[entry[1][0].decode()] = setting(entry[2][0])
                    assert start[4][0].decode() == os.path.basename(os.path.dirname(os.path.dirname(path))), f"{path}: group {start[4][0]}"
    assert version == "brain.Event:2", f"{path}: file_version {version}"
    return settings, scalars


def says(settings, row):
    """Whether a row of the table is of the run with these settings."""
    for name, value in settings.items():
        text = row[name]
        if isinstance(value, float):
            if not text or float(text) != value:
                return False
        elif text.replace("+", "-") != value.replace("+", "-"):
            return False
    return True


def main(folder, table):
    rows = list(csv.DictReader(open(table, newline="", encoding="utf-8")))
    sets = ("train", "val", "test")
    files = [os.path.join(d, name) for d, _, names in os.walk(folder) for name in names]
    seen, numbers = set(), 0
    for path in sorted(files):
        settings, scalars = run(path)
        mine = [row for row in rows if says(settings, row)]
        assert len({row["key"] for row in mine}) == 1, f"{path}: settings {settings} are those of {len({row['key'] for row in mine})} jobs"
        assert mine[0]["key"] not in seen, f"{path}: a second run of job {mine[0]['key']}"
        seen.add(mine[0]["key"])
        for row in mine:
            for column, text in row.items():
                kind, _, metric = column.partition("_")
                if kind not in sets or not text or math.isnan(float(text)):
                    continue
                got = scalars.pop((int(row["epoch"]), f"{kind}/{metric}"), None)
                want = struct.unpack("<f", struct.pack("<f", float(text)))[0]
                assert got == want, f"{path}: {column} of epoch {row['epoch']} is {got}, the table has {text}"
                numbers += 1
        assert not scalars, f"{path}: not in the table: {scalars}"
    assert seen == {row["key"] for row in rows}, "not all jobs of the table have a run"
    print(f"{len(files)} runs, {numbers} scalars equal the table's")


main(*sys.argv[1:])
