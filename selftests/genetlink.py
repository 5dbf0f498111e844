#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""B48 to B51, B35, B36: the generic netlink family, spoken without vpnctl.

Needs root and the module. Everything takes place in namespaces of its own: `unshare -n`.
KTAP; exit 4 when it cannot run. SEED, FUZZ (messages), PEERS and SLOW may be set in the
environment.
"""
import errno
import json
import os
import random
import re
import socket
import struct
import subprocess
import sys
import time

NETLINK_GENERIC = 16
SOL_NETLINK, ADD_MEMBERSHIP, CAP_ACK, EXT_ACK = 270, 1, 10, 11
REQUEST, MULTI, ACK, DUMP_INTR, DUMP, EXCL = 1, 2, 4, 16, 0x300, 0x200
NLMSG_ERROR, NLMSG_DONE, ACK_TLVS = 2, 3, 0x200
NESTED, TYPE_MASK = 0x8000, 0x3FFF
ERR_MSG, ERR_OFFS, ERR_MISS_TYPE = 1, 2, 5

SEED = int(os.environ.get("SEED", "1"))
FUZZ = int(os.environ.get("FUZZ", "5000"))
PEERS = int(os.environ.get("PEERS", "5000"))
# How many times longer to wait than on a usual kernel
SLOW = int(os.environ.get("SLOW", "1"))


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def read_enums():
    """The numbers of the uapi header, as the YAML has them (see unit/check-netlink.py)."""
    order = {
        "CMD": "DEV_GET DEV_SET PEER_NEW PEER_SET PEER_GET PEER_DEL PEER_UP PEER_DEAD ENDPOINT "
               "PEER_PROBE PROBE",
        "A": "IFINDEX IFNAME DEV PEER",
        "DEV": "PAD PRIVATE_KEY PUBLIC_KEY LISTEN_PORT FWMARK FLAGS PEER_COUNT DROPS",
        "PEER": "PAD PUBLIC_KEY PRESHARED_KEY FLAGS ENDPOINT_ADDR ENDPOINT_PORT ENDPOINT_SCOPE "
                "KEEPALIVE HANDSHAKE_SEC HANDSHAKE_NSEC RX_BYTES TX_BYTES ALLOWEDIPS REASON "
                "CIPHER CIPHER_USED PROBE_ID PROBE_SIZE",
        "IP": "ENTRY ADDR PREFIX_LEN FLAGS",
    }
    return {kind: type(kind, (), {name: i for i, name in enumerate(names.split(), 1)})
            for kind, names in order.items()}


ENUMS = read_enums()
CMD, A, DEV, PEER, IP = (ENUMS[kind] for kind in ("CMD", "A", "DEV", "PEER", "IP"))


def attr(kind, data):
    return struct.pack("=HH", len(data) + 4, kind) + data + bytes(-len(data) % 4)


def nest(kind, *attrs):
    return attr(kind | NESTED, b"".join(attrs))


def u8(kind, value):
    return attr(kind, struct.pack("=B", value))


def u16(kind, value):
    return attr(kind, struct.pack("=H", value))


def u32(kind, value):
    return attr(kind, struct.pack("=I", value))


def name(text):
    return attr(A.IFNAME, text.encode() + b"\0")


def parse(data):
    """Attributes in order: (type, payload)"""
    found = []
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if not 4 <= length <= len(data):
            raise ValueError("attribute of length %d" % length)
        found.append((kind & TYPE_MASK, data[4:length]))
        data = data[(length + 3) & ~3:]
    return found


class Refused(OSError):
    """What the kernel said: errno, text, offset of the bad attribute, missing type."""

    def __init__(self, err, tlvs):
        super().__init__(err, os.strerror(err))
        self.text = tlvs.get(ERR_MSG, b"\0")[:-1].decode()
        self.located = ERR_OFFS in tlvs or ERR_MISS_TYPE in tlvs


class Netlink:
    """One socket."""

    def __init__(self, size=65536):
        """@size: what is read at once; a dump comes in pieces of that, of 32 KiB at most"""
        self.size = size
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.sock.bind((0, 0))
        self.sock.setsockopt(SOL_NETLINK, CAP_ACK, 1)
        self.sock.setsockopt(SOL_NETLINK, EXT_ACK, 1)
        self.sock.settimeout(60)
        self.seq = 0
        self.warning = ""
        self.family = self.group = 0
        answer = parse(self.ask(16, 3, attr(2, b"mytun\0"))[0][2])
        for kind, data in answer:
            if kind == 1:
                self.family = struct.unpack("=H", data)[0]
            if kind == 7:
                group = dict(parse(parse(data)[0][1]))
                self.group = struct.unpack("=I", group[2])[0]

    def send(self, family, cmd, body=b"", flags=0):
        self.seq += 1
        self.sock.send(struct.pack("=IHHIIBBH", 20 + len(body), family, REQUEST | flags, self.seq,
                                   0, cmd, 1, 0) + body)

    def receive(self):
        """Messages of one datagram: (type, flags, body behind the generic header)"""
        data, found = self.sock.recv(self.size), []
        while len(data) >= 16:
            length, kind, flags, seq, _ = struct.unpack_from("=IHHII", data)
            skip = 16 if kind in (NLMSG_ERROR, NLMSG_DONE) else 20
            if seq in (self.seq, 0):
                found.append((kind, flags, data[skip:length], data[16]))
            data = data[(length + 3) & ~3:]
        return found

    def end(self, kind, flags, body):
        err = -struct.unpack_from("=i", body)[0]
        tlvs = {}
        if flags & ACK_TLVS:
            tlvs = dict(parse(body[4 if kind == NLMSG_DONE else 20:]))
        self.warning = tlvs.get(ERR_MSG, b"\0")[:-1].decode()
        if err:
            raise Refused(err, tlvs)

    def ask(self, family, cmd, body=b"", flags=ACK):
        """All messages that answer a request"""
        self.send(family, cmd, body, flags)
        found = []
        while True:
            for message in self.receive():
                if message[0] in (NLMSG_ERROR, NLMSG_DONE):
                    self.end(*message[:3])
                    return found
                found.append(message)

    def do(self, cmd, *attrs, flags=0):
        return self.ask(self.family, cmd, b"".join(attrs), ACK | flags)

    def dump(self, cmd, *attrs):
        return self.ask(self.family, cmd, b"".join(attrs), DUMP)

    def peers(self, *device):
        """Peers by key: {type: payload}, allowed IPs as a list; and whether it was of one piece"""
        found, intact = {}, True
        for _, flags, body, _ in self.dump(CMD.PEER_GET, *device):
            intact = intact and not flags & DUMP_INTR
            add_peer(found, body)
        return found, intact

    def device(self, text):
        return dict(parse(dict(parse(self.do(CMD.DEV_GET, name(text))[0][2]))[A.DEV]))


def add_peer(found, body):
    attrs = parse(dict(parse(body))[A.PEER])
    fields = dict(attrs)
    peer = found.setdefault(fields[PEER.PUBLIC_KEY], {"ips": []})
    peer.update({k: v for k, v in fields.items() if k != PEER.ALLOWEDIPS})
    for kind, entry in parse(fields[PEER.ALLOWEDIPS]):
        assert kind == IP.ENTRY
        ip = dict(parse(entry))
        peer["ips"].append((ip[IP.ADDR], ip[IP.PREFIX_LEN][0]))


def key(number):
    return struct.pack(">Q", number) + bytes(range(24))


def ip4(text):
    return socket.inet_aton(text)


def ip6(text):
    return socket.inet_pton(socket.AF_INET6, text)


def entry(addr, prefix_len, *more):
    return nest(IP.ENTRY, attr(IP.ADDR, addr), u8(IP.PREFIX_LEN, prefix_len), *more)


def peer(public_key, *attrs):
    return nest(A.PEER, attr(PEER.PUBLIC_KEY, public_key), *attrs)


def ips(*entries):
    return nest(PEER.ALLOWEDIPS, *entries)


def same(expected, found):
    assert expected == found, f"expected {expected!r}, found {found!r}"


# --- checks -----------------------------------------------------------------------------


def refusals():
    """Request, errno. All of them must say why, and most where."""
    mt, k, drop = name("mt0"), key(1), nest(PEER.ALLOWEDIPS)
    addr, port = attr(PEER.ENDPOINT_ADDR, ip4("192.0.2.1")), u16(PEER.ENDPOINT_PORT, 1)

    def p(*attrs):
        return CMD.PEER_NEW, (mt, peer(k, *attrs)), 0, errno.EINVAL

    def endpoint(data, *more):
        return p(attr(PEER.ENDPOINT_ADDR, data), port, *more)

    return {
        "no device": (CMD.DEV_GET, (), 0, errno.EINVAL),
        "index and name": (CMD.DEV_GET, (u32(A.IFINDEX, 1), mt), 0, errno.EINVAL),
        "probe without size": (CMD.PEER_PROBE, (mt, peer(k, u32(PEER.PROBE_ID, 1))), 0,
                               errno.EINVAL),
        "probe without number": (CMD.PEER_PROBE, (mt, peer(k, u16(PEER.PROBE_SIZE, 68))), 0,
                                 errno.EINVAL),
        "probe of 67": (CMD.PEER_PROBE, (mt, peer(k, u32(PEER.PROBE_ID, 1),
                                                  u16(PEER.PROBE_SIZE, 67))), 0, errno.ERANGE),
        "probe of 16385": (CMD.PEER_PROBE, (mt, peer(k, u32(PEER.PROBE_ID, 1),
                                                     u16(PEER.PROBE_SIZE, 16385))), 0,
                           errno.ERANGE),
        "probe to nobody": (CMD.PEER_PROBE, (mt, peer(k, u32(PEER.PROBE_ID, 1),
                                                      u16(PEER.PROBE_SIZE, 68))), 0,
                            errno.ENOENT),
        "no such device": (CMD.DEV_GET, (name("nope"),), 0, errno.ENODEV),
        "no such index": (CMD.DEV_GET, (u32(A.IFINDEX, 4242),), 0, errno.ENODEV),
        "index 0": (CMD.DEV_GET, (u32(A.IFINDEX, 0),), 0, errno.ERANGE),
        "negative index": (CMD.DEV_GET, (u32(A.IFINDEX, 0xFFFFFFFF),), 0, errno.ENODEV),
        "another kind": (CMD.DEV_GET, (name("lo"),), 0, errno.EOPNOTSUPP),
        "name without end": (CMD.DEV_GET, (attr(A.IFNAME, b"mt0"),), 0, errno.EINVAL),
        "name of 16": (CMD.DEV_GET, (attr(A.IFNAME, b"m" * 16 + b"\0"),), 0, errno.EINVAL),
        "short index": (CMD.DEV_GET, (u16(A.IFINDEX, 1),), 0, errno.EINVAL),
        "unknown attribute": (CMD.DEV_GET, (mt, u32(99, 1)), 0, errno.EINVAL),
        "attribute of another": (CMD.DEV_GET, (mt, nest(A.DEV)), 0, errno.EINVAL),
        "dump of one device": (CMD.DEV_GET, (mt,), DUMP, errno.EINVAL),
        "nothing to set": (CMD.DEV_SET, (mt,), 0, errno.EINVAL),
        "nest without flag": (CMD.DEV_SET, (mt, attr(A.DEV, b"")), 0, errno.EINVAL),
        "read-only": (CMD.DEV_SET, (mt, nest(A.DEV, attr(DEV.PUBLIC_KEY, k))), 0, errno.EINVAL),
        "key of 31": (CMD.DEV_SET, (mt, nest(A.DEV, attr(DEV.PRIVATE_KEY, k[1:]))), 0,
                      errno.ERANGE),
        "key of 33": (CMD.DEV_SET, (mt, nest(A.DEV, attr(DEV.PRIVATE_KEY, k + k[:1]))), 0,
                      errno.ERANGE),
        "key of 0": (CMD.DEV_SET, (mt, nest(A.DEV, attr(DEV.PRIVATE_KEY, b""))), 0, errno.ERANGE),
        "unknown flag": (CMD.DEV_SET, (mt, nest(A.DEV, u32(DEV.FLAGS, 2))), 0, errno.EINVAL),
        "port in use": (CMD.DEV_SET, (mt, nest(A.DEV, attr(DEV.PRIVATE_KEY, k), u32(DEV.FLAGS, 1),
                                               u32(DEV.FWMARK, 5), u16(DEV.LISTEN_PORT, 2002))),
                        0, errno.EADDRINUSE),
        "no peer": (CMD.PEER_NEW, (mt,), 0, errno.EINVAL),
        "no key": (CMD.PEER_NEW, (mt, nest(A.PEER)), 0, errno.EINVAL),
        "peer's key of 0": (CMD.PEER_NEW, (mt, peer(b"")), 0, errno.ERANGE),
        "psk of 16": p(attr(PEER.PRESHARED_KEY, k[:16])),
        "peer's unknown flag": p(u32(PEER.FLAGS, 6)),
        "peer is read-only": p(attr(PEER.RX_BYTES, bytes(8))),
        "endpoint without port": p(addr),
        "endpoint without address": p(port),
        "scope alone": p(u32(PEER.ENDPOINT_SCOPE, 1)),
        "port 0": p(addr, u16(PEER.ENDPOINT_PORT, 0)),
        "address of 0": endpoint(b""),
        "address of 5": endpoint(bytes(5)),
        "address of 17": endpoint(bytes(17)),
        "unspecified": endpoint(bytes(4)),
        "unspecified v6": endpoint(bytes(16)),
        "multicast": endpoint(ip4("224.0.0.1")),
        "broadcast": endpoint(ip4("255.255.255.255")),
        "multicast v6": endpoint(ip6("ff02::1")),
        "v4-mapped": endpoint(ip6("::ffff:1.2.3.4")),
        "scope of v4": endpoint(ip4("1.2.3.4"), u32(PEER.ENDPOINT_SCOPE, 1)),
        "scope of global": endpoint(ip6("2001:db8::1"), u32(PEER.ENDPOINT_SCOPE, 1)),
        "prefix 33": p(ips(entry(ip4("10.0.0.0"), 8), entry(ip4("10.0.0.0"), 33))),
        "prefix 129": p(ips(entry(ip6("::"), 129))),
        "prefix missing": p(ips(nest(IP.ENTRY, attr(IP.ADDR, ip4("10.0.0.0"))))),
        "entry of nothing": p(ips(entry(ip4("10.0.0.0"), 8), nest(IP.ENTRY))),
        "entry's address of 6": p(ips(entry(bytes(6), 8))),
        "entry's unknown flag": p(ips(entry(ip4("10.0.0.0"), 8, u32(IP.FLAGS, 8)))),
        "entry in entry": p(ips(nest(IP.ENTRY, entry(ip4("10.0.0.0"), 8)))),
        "address among entries": p(nest(PEER.ALLOWEDIPS, attr(IP.ADDR, bytes(4)))),
        "exclusive": (CMD.PEER_NEW, (mt, peer(key(7))), EXCL, errno.EEXIST),
        "set of none": (CMD.PEER_SET, (mt, peer(k, drop)), 0, errno.ENOENT),
        "get of none": (CMD.PEER_GET, (mt, peer(k)), 0, errno.ENOENT),
        "get with more": (CMD.PEER_GET, (mt, peer(k, port)), 0, errno.EINVAL),
        "del of none": (CMD.PEER_DEL, (mt, peer(k)), 0, errno.ENOENT),
        "dump of one peer": (CMD.PEER_GET, (mt, peer(key(7))), DUMP, errno.EINVAL),
        "dump of none": (CMD.PEER_GET, (name("nope"),), DUMP, errno.ENODEV),
    }


def snapshot(nl):
    device = nl.device("mt0")
    device.pop(DEV.DROPS)
    return device, nl.peers(name("mt0"))


def check_refusals(nl):
    """B49, B50, B51: every refusal has its errno, says why, and changes nothing"""
    device("mt0", 2001)
    device("mt1", 2002)
    nl.do(CMD.PEER_NEW, name("mt0"), peer(key(7), ips(entry(ip4("10.0.0.0"), 8))))
    before = snapshot(nl)
    for what, (cmd, attrs, flags, err) in refusals().items():
        try:
            nl.ask(nl.family, cmd, b"".join(attrs), flags or ACK) if flags == DUMP else \
                nl.do(cmd, *attrs, flags=flags)
        except Refused as refused:
            allowed = {err, errno.EINVAL, errno.ERANGE} if err == errno.EINVAL else {err}
            assert refused.errno in allowed, f"{what}: {refused}"
            assert refused.text, f"{what}: no text"
            # The end of a dump has no room for the place.
            assert refused.located or flags == DUMP or what in ("no device", "index and name"), \
                f"{what}: where?"
        else:
            raise AssertionError(f"{what}: accepted")
        same(before, snapshot(nl))


def device(text, port=0, index=0):
    run("ip", "link", "add", text, *(["index", str(index)] if index else []), "type", "mytun")
    run("ip", "link", "set", text, "up")
    if port:
        Netlink().do(CMD.DEV_SET, name(text), nest(A.DEV, u16(DEV.LISTEN_PORT, port)))


def check_round_trip(nl):
    """what is set is what is got"""
    device("mt0", 2001)
    private = bytes([0x40]) + bytes(30) + bytes([0x41])
    psk = bytes(range(32))
    nl.do(CMD.DEV_SET, name("mt0"), nest(A.DEV, attr(DEV.PRIVATE_KEY, private),
                                         u32(DEV.FWMARK, 0x1234)))
    dev = nl.device("mt0")
    same((private, 2001, 0x1234), (dev[DEV.PRIVATE_KEY], *struct.unpack("=H", dev[DEV.LISTEN_PORT]),
                                   *struct.unpack("=I", dev[DEV.FWMARK])))
    nl.do(CMD.PEER_NEW, name("mt0"), peer(
        key(1), attr(PEER.PRESHARED_KEY, psk), attr(PEER.ENDPOINT_ADDR, ip6("fe80::1")),
        u16(PEER.ENDPOINT_PORT, 7), u32(PEER.ENDPOINT_SCOPE, 1), u16(PEER.KEEPALIVE, 25),
        ips(entry(ip4("10.1.2.3"), 8), entry(ip6("2001:db8::1"), 128))))
    found = nl.peers(name("mt0"))[0][key(1)]
    want = [(ip4("10.0.0.0"), 8), (ip6("2001:db8::1"), 128)]
    same((psk, ip6("fe80::1"), 7, 1, 25, want),
         (found[PEER.PRESHARED_KEY], found[PEER.ENDPOINT_ADDR],
          *struct.unpack("=H", found[PEER.ENDPOINT_PORT]),
          *struct.unpack("=I", found[PEER.ENDPOINT_SCOPE]),
          *struct.unpack("=H", found[PEER.KEEPALIVE]), found["ips"]))
    one = {}
    add_peer(one, nl.do(CMD.PEER_GET, name("mt0"), peer(key(1)))[0][2])
    same({key(1): found}, one)
    nl.do(CMD.DEV_SET, name("mt0"), nest(A.DEV, attr(DEV.PRIVATE_KEY, bytes(32)),
                                         u32(DEV.FLAGS, 1)))
    dev = nl.device("mt0")
    same((False, False, 0), (DEV.PRIVATE_KEY in dev, DEV.PUBLIC_KEY in dev,
                             struct.unpack("=I", dev[DEV.PEER_COUNT])[0]))


def check_allowedips(nl):
    """prefixes are added, moved, replaced and removed"""
    device("mt0")
    a, b, mt = key(1), key(2), name("mt0")
    ten, eleven, twelve = ((ip4(f"{n}.0.0.0"), 8) for n in (10, 11, 12))

    def have(public_key):
        return nl.peers(mt)[0][public_key]["ips"]

    nl.do(CMD.PEER_NEW, mt, peer(a, ips(entry(*ten), entry(*eleven))))
    nl.do(CMD.PEER_NEW, mt, peer(b, ips(entry(*ten), entry(*ten))))
    same(([eleven], [ten]), (have(a), have(b)))
    nl.do(CMD.PEER_SET, mt, peer(a, u32(PEER.FLAGS, 1),
                                 ips(entry(*twelve), entry(*ten), entry(*twelve))))
    same(([ten, twelve], []), (have(a), have(b)))
    nl.do(CMD.PEER_SET, mt, peer(a, ips(entry(*ten, u32(IP.FLAGS, 1)), entry(*eleven))))
    same([twelve, eleven], have(a))
    nl.do(CMD.PEER_SET, mt, peer(b, ips(entry(*twelve, u32(IP.FLAGS, 1)))))
    same([twelve, eleven], have(a))
    nl.do(CMD.PEER_SET, mt, peer(a, u32(PEER.FLAGS, 1)))
    same([], have(a))


def check_own_key(nl):
    """E37: a device is no peer of its own"""
    device("mt0")
    mt = name("mt0")
    private = key(1)
    nl.do(CMD.DEV_SET, mt, nest(A.DEV, attr(DEV.PRIVATE_KEY, private)))
    public = nl.device("mt0")[DEV.PUBLIC_KEY]
    nl.do(CMD.PEER_NEW, mt, peer(public))
    assert nl.warning, "no warning"
    nl.do(CMD.PEER_SET, mt, peer(public, ips()))
    same({}, nl.peers(mt)[0])
    nl.do(CMD.DEV_SET, mt, nest(A.DEV, attr(DEV.PRIVATE_KEY, key(2))))
    nl.do(CMD.PEER_NEW, mt, peer(public))
    same({public}, set(nl.peers(mt)[0]))
    nl.do(CMD.DEV_SET, mt, nest(A.DEV, attr(DEV.PRIVATE_KEY, private)))
    same({}, nl.peers(mt)[0])


def add_prefixes(nl, public_key, count):
    """@count prefixes of both families in messages of 60 KiB"""
    for start in range(0, count, 2000):
        some = [entry(struct.pack(">I", i), 32) if i % 2 else
                entry(struct.pack(">QQ", 0x20010DB8 << 32, i), 128)
                for i in range(start, min(start + 2000, count))]
        nl.do(CMD.PEER_NEW, name("mt0"), peer(public_key, ips(*some)))


def time_of_dump(nl):
    """Seconds in the kernel, nothing being looked at; the best of many: the machine may be busy"""
    times = []
    for _ in range(9):
        start = time.monotonic()
        nl.send(nl.family, CMD.PEER_GET, name("mt0"), DUMP)
        while struct.unpack_from("=H", nl.sock.recv(65536), 4)[0] != NLMSG_DONE:
            pass
        times.append(time.monotonic() - start)
    return min(times)


def check_big_peer(nl):
    """E31: 130,560 prefixes of one peer come out as they went in, and at once"""
    device("mt0")
    times = []
    for count in (65280, 130560):
        add_prefixes(nl, key(1), count)
        times.append(time_of_dump(nl))
    print("# dump of %d prefixes: %.3f s, of half of them: %.3f s" % (count, times[1], times[0]))
    assert times[1] < 5 * SLOW, "slow"
    found, intact = nl.peers(name("mt0"))
    same((True, count, count), (intact, len(found[key(1)]["ips"]), len(set(found[key(1)]["ips"]))))
    try:
        nl.do(CMD.PEER_GET, name("mt0"), peer(key(1)))
    except Refused as refused:
        same(errno.EMSGSIZE, refused.errno)
        assert refused.text
    else:
        raise AssertionError("one message took it all")


def memory():
    """KiB that the kernel says are free or could be"""
    with open("/proc/meminfo", encoding="ascii") as file:
        return int(re.search(r"MemAvailable:\s+(\d+)", file.read())[1])


def check_many_peers(nl):
    """B50: many peers, in pieces of any size; a dump that is not of one piece says so"""
    device("mt0")
    start, before = time.monotonic(), memory()
    for i in range(PEERS):
        nl.do(CMD.PEER_NEW, name("mt0"), peer(key(i), ips(entry(struct.pack(">I", i), 32),
                                                         entry(struct.pack(">IIQ", 1, 1, i), 128))))
    print("# %d peers: %.1f s, %d KiB" % (PEERS, time.monotonic() - start, before - memory()))
    print("# dump of %d peers: %.2f s" % (PEERS, time_of_dump(nl)))
    for size in (4096, 65536):
        found, intact = Netlink(size).peers(name("mt0"))
        same((True, PEERS), (intact, len(found)))
        assert all(len(p["ips"]) == 2 for p in found.values())
    first = begin_dump(nl)
    Netlink().do(CMD.PEER_DEL, name("mt0"), peer(key(PEERS - 1)))
    messages, err = rest_of(nl)
    same((0, True), (err, interrupted(first + messages)))
    start = time.monotonic()
    nl.do(CMD.DEV_SET, name("mt0"), nest(A.DEV, u32(DEV.FLAGS, 1)))
    print("# removal of %d peers: %.2f s" % (PEERS, time.monotonic() - start))
    same({}, nl.peers(name("mt0"))[0])


def rest_of(nl):
    """The rest of a dump that was begun: (messages, errno)"""
    found = []
    while True:
        for message in nl.receive():
            if message[0] == NLMSG_DONE:
                return found + [message], -struct.unpack_from("=i", message[2])[0]
            found.append(message)


def interrupted(messages):
    return any(message[1] & DUMP_INTR for message in messages)


def begin_dump(nl):
    nl.send(nl.family, CMD.PEER_GET, name("mt0"), DUMP)
    return nl.receive()


def check_interrupted(nl):
    """B35, B50: a change under an open dump is told, and nothing that is gone is touched"""
    device("mt0")
    index = socket.if_nametoindex("mt0")
    other = Netlink()
    changes = {
        "replace": lambda: other.do(CMD.PEER_SET, name("mt0"), peer(key(1), u32(PEER.FLAGS, 1))),
        "remove": lambda: other.do(CMD.PEER_DEL, name("mt0"), peer(key(1))),
        "remove all": lambda: other.do(CMD.DEV_SET, name("mt0"), nest(A.DEV, u32(DEV.FLAGS, 1))),
        "take away": lambda: other.do(CMD.PEER_NEW, name("mt0"),
                                      peer(key(2), ips(entry(struct.pack(">I", 1), 32)))),
    }
    for what, change in changes.items():
        add_prefixes(other, key(1), 20000)
        first = begin_dump(nl)
        change()
        messages, err = rest_of(nl)
        same((what, 0, True), (what, err, interrupted(first + messages)))
    add_prefixes(other, key(1), 20000)
    begin_dump(nl)
    start = time.monotonic()
    run("ip", "link", "del", "mt0")
    assert time.monotonic() - start < 5 * SLOW, "the open dump held the device"
    same(errno.ENODEV, rest_of(nl)[1])
    device("mt0", index=index)
    add_prefixes(other, key(1), 20000)
    begin_dump(nl)
    run("ip", "link", "del", "mt0")
    device("mt0", index=index)
    add_prefixes(other, key(1), 20000)
    messages, err = rest_of(nl)
    same((0, True), (err, interrupted(messages)))


def check_devices(_):
    """a dump of the devices tells those of the namespace"""
    for i in range(30):
        run("ip", "link", "add", f"mt{i}", "type", "mytun")
        if i % 10 == 0:
            run("ip", "link", "add", f"d{i}", "type", "mytun")
    run("ip", "netns", "add", "netlink-other")
    try:
        run("ip", "link", "set", "mt7", "netns", "netlink-other")
        found = [dict(parse(message[2])) for message in Netlink(4096).dump(CMD.DEV_GET)]
        names = {attrs[A.IFNAME][:-1].decode() for attrs in found}
        same({f"mt{i}" for i in range(30) if i != 7} | {f"d{i}" for i in range(0, 30, 10)}, names)
        for attrs in found:
            same(attrs[A.IFINDEX], struct.pack("=I", socket.if_nametoindex(
                attrs[A.IFNAME][:-1].decode())))
    finally:
        run("ip", "netns", "del", "netlink-other")


def in_child(work):
    """Run @work in a child; its assertion is ours"""
    pid = os.fork()
    if not pid:
        try:
            work()
            os._exit(0)
        except BaseException as error:  # the child must end here, whatever happens
            print("# child:", repr(error), flush=True)
            os._exit(1)
    same(0, os.waitpid(pid, 0)[1])


def check_permission(nl):
    """B48: without CAP_NET_ADMIN of the namespace nothing is told and nothing is heard"""
    device("mt0")

    def powerless():
        os.setgid(65534)
        os.setuid(65534)
        mine = Netlink()
        for cmd, attrs, flags in ((CMD.DEV_GET, (name("mt0"),), ACK), (CMD.DEV_GET, (), DUMP),
                                  (CMD.PEER_GET, (name("mt0"),), DUMP),
                                  (CMD.DEV_SET, (name("mt0"), nest(A.DEV)), ACK)):
            try:
                mine.ask(mine.family, cmd, b"".join(attrs), flags)
            except Refused as refused:
                same(errno.EPERM, refused.errno)
            else:
                raise AssertionError("allowed")
        try:
            mine.sock.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP, mine.group)
        except PermissionError:
            return
        raise AssertionError("heard events")

    in_child(powerless)


def next_event(nl):
    while True:
        for kind, _, body, cmd in nl.receive():
            if kind == nl.family:
                attrs = dict(parse(body))
                fields = dict(parse(attrs[A.PEER]))
                return cmd, attrs[A.IFNAME][:-1].decode(), fields


def check_events(nl):
    """E49: a peer comes up, and is dead"""
    run("ip", "link", "set", "lo", "up")
    device("mt0", 2001)
    device("mt1", 2002)
    for text, number in (("mt0", 1), ("mt1", 2)):
        nl.do(CMD.DEV_SET, name(text), nest(A.DEV, attr(DEV.PRIVATE_KEY, key(number))))
    public = [nl.device(text)[DEV.PUBLIC_KEY] for text in ("mt0", "mt1")]
    ears = Netlink()
    ears.sock.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP, ears.group)
    ears.seq = 0
    nl.do(CMD.PEER_NEW, name("mt1"), peer(public[0]))
    nl.do(CMD.PEER_NEW, name("mt0"), peer(public[1], attr(PEER.ENDPOINT_ADDR, ip4("127.0.0.1")),
                                          u16(PEER.ENDPOINT_PORT, 2002), u16(PEER.KEEPALIVE, 1)))
    up = set()
    while len(up) < 2:
        cmd, text, fields = next_event(ears)
        if cmd == CMD.PEER_UP:
            up.add(text)
            same(public[text == "mt0"], fields[PEER.PUBLIC_KEY])
            same((ip4("127.0.0.1"), False), (fields[PEER.ENDPOINT_ADDR], PEER.REASON in fields))
    for text, public_key, reason in (("mt0", public[1], 3), ("mt1", public[0], 4)):
        if reason == 3:
            nl.do(CMD.PEER_DEL, name(text), peer(public_key))
        else:
            run("ip", "link", "set", text, "down")
        cmd, who, fields = next_event(ears)
        same((CMD.PEER_DEAD, text, public_key, reason),
             (cmd, who, fields[PEER.PUBLIC_KEY], struct.unpack("=I", fields[PEER.REASON])[0]))


class Missing(Exception):
    """Something that a check cannot do without"""


def read_grammar():
    """What docs/netlink/mytun.yaml allows, as netlink_grammar.py wrote it down"""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "netlink_grammar.json")
    if not os.path.exists(path):
        raise Missing("netlink_grammar.json (make all)")
    with open(path, encoding="ascii") as file:
        return json.load(file)


class Node:
    """An attribute of a request that is being made up: its rule, and bytes or attributes."""

    def __init__(self, rule, data=b"", children=None):
        self.rule, self.data, self.children = rule, data, children
        self.type = rule["type"] | (NESTED if children is not None else 0)
        self.lie = 0

    def pack(self):
        data = self.data
        if self.children is not None:
            data = b"".join(child.pack() for child in self.children) + data
        return struct.pack("=HH", (len(data) + 4 + self.lie) & 0xFFFF, self.type) + data + \
            bytes(-len(data) % 4)

    def all(self):
        yield self
        for child in self.children or ():
            yield from child.all()


class Author:
    """Makes up requests by the grammar, and spoils them."""

    WIDTH = {"u8": 1, "u16": 2, "u32": 4, "u64": 8}

    def __init__(self, rng):
        self.rng = rng
        grammar = read_grammar()
        self.ops, self.sets = grammar["ops"], grammar["sets"]

    def data(self, rule):
        """Bytes that the policy takes"""
        rng, width = self.rng, self.WIDTH.get(rule["kind"])
        if rule["name"] == "ifname":
            return b"mt0\0"
        if rule["name"] == "listen-port":
            # A port of the others would be taken
            return struct.pack("=H", 20000 + rng.randrange(100))
        if width:
            low, high = rule["min"], rule["max"]
            value = rng.choice((low, high, low + rng.randrange(high - low + 1)))
            return value.to_bytes(width, sys.byteorder)
        if rule["least"] == rule["most"]:
            return bytes([rng.randrange(4)]) + bytes(rule["least"] - 1)
        return rng.choice((ip4("192.0.2.1"), ip4("10.0.0.0"), ip6("2001:db8::1"), ip6("::")))

    def node(self, rule):
        if rule["kind"] == "nest":
            return Node(rule, children=self.nodes(rule["set"]))
        return Node(rule, self.data(rule))

    def nodes(self, kind):
        """Some of a set's attributes, those without which nothing goes always"""
        found = []
        for rule in self.sets[kind]:
            if rule["name"] == "entry":
                found += [self.node(rule) for _ in range(self.rng.randrange(4))]
            elif rule["name"] in ("ifname", "public-key", "addr", "prefix-len", "peer", "dev") or \
                    rule["name"] != "ifindex" and self.rng.randrange(2):
                found.append(self.node(rule))
        return found

    def request(self):
        op = self.rng.choice(self.ops)
        return op, Node({"type": 0}, children=self.nodes(op["set"]))

    def spoil(self, top):
        """One thing that must be refused, or None when there is no place for it"""
        rng = self.rng
        how = rng.choice(("zero length", "truncated", "overlong", "mistyped", "nested", "unknown",
                          "lying length", "not a nest", "a nest"))
        all_nodes = list(top.all())[1:]
        leaves = [node for node in all_nodes if node.children is None]
        nests = [node for node in all_nodes if node.children is not None]
        # Any length from 4 to 16 is an address's for the policy; what it then says is another matter
        exact = [node for node in leaves if node.rule["least"] == node.rule["most"]]
        if how == "not a nest" and nests:
            rng.choice(nests).type &= ~NESTED
        elif how == "nested" and nests:
            node = rng.choice(nests)
            for _ in range(rng.randrange(1, 30)):
                node.children = [Node(node.rule, children=node.children)]
        elif how == "unknown":
            node = rng.choice(nests + [top])
            node.children.append(Node({"type": rng.randrange(40, 0x3FFF)}, bytes(rng.randrange(9))))
        elif how == "a nest" and leaves:
            rng.choice(leaves).type |= NESTED
        elif how == "zero length" and leaves:
            rng.choice(leaves).data = b""
        elif how == "lying length" and all_nodes:
            # Longer than all that follows
            rng.choice(all_nodes).lie = rng.randrange(5000, 0x8000)
        elif how == "truncated" and exact:
            node = rng.choice(exact)
            node.data = node.data[:rng.randrange(len(node.data))]
        elif how in ("overlong", "mistyped") and exact:
            node = rng.choice(exact)
            node.data += bytes(rng.randrange(1, 40)) if how == "overlong" else \
                bytes(rng.choice([n for n in (1, 2, 4, 8, 16, 33) if n > len(node.data)]))
        else:
            return None
        return how


def settled(nl):
    """What only requests change"""
    found, (peers, intact) = snapshot(nl)
    for fields in peers.values():
        fields.pop(PEER.TX_BYTES, None)
    return found, peers, intact


def check_grammar(nl):
    """B48: requests made by the YAML, spoilt in one place, are refused and change nothing"""
    device("mt0")
    rng, made, taken, refused_well = random.Random(SEED), {}, 0, {}
    author = Author(rng)
    before = settled(nl)
    for number in range(FUZZ):
        op, top = author.request()
        how = author.spoil(top) if number % 3 else None
        what = f"{number}: {op['name']}, {how}"
        made[how] = made.get(how, 0) + 1
        try:
            nl.ask(nl.family, op["cmd"], b"".join(child.pack() for child in top.children))
        except Refused as refused:
            assert refused.text, f"{what}: no text"
            if how:
                assert refused.errno in (errno.EINVAL, errno.ERANGE), f"{what}: {refused}"
                refused_well[how] = refused_well.get(how, 0) + 1
                same((what, before), (what, settled(nl)))
        else:
            assert not how, f"{what}: accepted"
            taken += 1
        if not how:
            before = settled(nl)
    print("# seed %d: taken %d of %d; refused %s" % (SEED, taken, made.get(None, 0), refused_well))
    # Every kind of damage was done, and much that was not damaged was good
    same(9, len(refused_well))
    assert taken * 4 > made[None], "what the grammar makes is no good"


def good_requests():
    """What the fuzzer of bytes starts from: requests by hand"""
    mt = name("mt0")
    return [
        (CMD.DEV_GET, mt), (CMD.DEV_GET, b""), (CMD.PEER_GET, mt),
        (CMD.DEV_SET, mt + nest(A.DEV, attr(DEV.PRIVATE_KEY, key(9)), u16(DEV.LISTEN_PORT, 2003),
                                u32(DEV.FWMARK, 1))),
        (CMD.PEER_NEW, mt + peer(
            key(1), attr(PEER.PRESHARED_KEY, key(3)), attr(PEER.ENDPOINT_ADDR, ip4("192.0.2.1")),
            u16(PEER.ENDPOINT_PORT, 1), u16(PEER.KEEPALIVE, 0), u32(PEER.FLAGS, 1),
            ips(entry(ip4("10.0.0.0"), 8), entry(ip6("::"), 0, u32(IP.FLAGS, 1))))),
        (CMD.PEER_SET, mt + peer(key(1), ips(entry(ip6("2001:db8::"), 32)))),
        (CMD.PEER_GET, mt + peer(key(1))), (CMD.PEER_DEL, mt + peer(key(1))),
    ]


def mutate(rng, body):
    body = bytearray(body)
    for _ in range(rng.randrange(1, 4)):
        if not body:
            break
        how, at = rng.randrange(5), rng.randrange(len(body))
        if how == 0:
            body[at] = rng.randrange(256)
        elif how == 1:
            body[at] ^= 1 << rng.randrange(8)
        elif how == 2:
            del body[at & ~3:]
        elif how == 3:
            body[at & ~3:at & ~3] = body[(at // 2) & ~3:at & ~3]
        else:
            struct.pack_into("=H", body, at & ~3, rng.choice((0, 3, 4, 5, 8, 36, 0x8004, 0xFFFF)))
    return bytes(body[:60000])


def check_fuzz(nl):
    """B48: requests with any bytes changed are answered, and leave the family working"""
    device("mt0")
    rng, outcomes = random.Random(SEED), {}
    author = Author(rng)
    requests = good_requests()
    for _ in range(FUZZ):
        cmd, body = rng.choice(requests)
        if rng.randrange(2):
            op, top = author.request()
            cmd, body = op["cmd"], b"".join(child.pack() for child in top.children)
        flags = rng.choice((ACK, ACK, ACK, DUMP, ACK | EXCL))
        try:
            nl.ask(nl.family, rng.choice((cmd, cmd, rng.randrange(12))), mutate(rng, body), flags)
            outcome = "ok"
        except Refused as refused:
            outcome = errno.errorcode[refused.errno]
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    print("# seed %d: %s" % (SEED, outcomes))
    assert len(outcomes) > 4, "the fuzzer reaches nothing"
    nl.do(CMD.DEV_GET, name("mt0"))


CHECKS = [check_refusals, check_round_trip, check_allowedips, check_own_key, check_big_peer,
          check_many_peers, check_interrupted, check_devices, check_permission, check_events,
          check_grammar, check_fuzz]


def cleanup():
    for text in re.findall(r"^\d+: ([\w.]+)[:@]", subprocess.run(
            ["ip", "-o", "link", "show", "type", "mytun"], capture_output=True, text=True,
            check=True).stdout, flags=re.M):
        run("ip", "link", "del", text)


def skip(why):
    print(f"TAP version 13\n1..0 # SKIP {why}")
    sys.exit(4)


def main():
    if os.geteuid():
        skip("needs root")
    if not os.environ.get("NETLINK_TEST_NETNS"):
        os.environ["NETLINK_TEST_NETNS"] = "1"
        os.execvp("unshare", ["unshare", "-n", "--", sys.executable, *sys.argv])
    loading = subprocess.run(["modprobe", "mytun"], capture_output=True, text=True, check=False)
    if loading.returncode and not os.path.exists("/sys/module/mytun"):
        skip(f"the module is not there: {loading.stderr.strip()}")
    only = sys.argv[1:]
    checks = [check for check in CHECKS if not only or check.__name__ in only]
    print(f"TAP version 13\n1..{len(checks)}")
    failed = 0
    for number, check in enumerate(checks, 1):
        start = time.monotonic()
        try:
            check(Netlink())
            result, note = "ok", ""
        except Missing as missing:
            result, note = "ok", f" # SKIP missing: {missing}"
        except Exception as error:  # pylint: disable=broad-except
            print(f"# {check.__name__}: {error!r} {getattr(error, 'text', '')}")
            result, note = "not ok", ""
            failed += 1
        cleanup()
        print(f"{result} {number} {check.__doc__}{note}", flush=True)
        print(f"# {time.monotonic() - start:.1f} s")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
