/*
 * kern.h - everything mrd and had ask of the kernel.
 *
 * Two datapaths stand behind these calls (`portable`: a TUN per tunnel and raw
 * sockets; `kernel`: ip6tnl and XFRM), and a recorder for tests (kern_fake.h).
 * Above the seam is knowledge: which objects there should be. Below is
 * translation: no caches of what others know, no decisions of the protocol.
 *
 * Every call is idempotent in meaning: "make it so". -EEXIST and -ESRCH never
 * escape: it already is so. What we make carries a mark (protocol number, alias),
 * so that ours are told from others' and kern_dump finds them after a restart.
 *
 * Layer: sys. Cores see only the values of common/base/kobj.h, never this.
 */
#pragma once

#include <ev.h>
#include <net/if.h>

#include "common/base/kobj.h"
#include "common/base/mono.h"

struct kern; /* opaque */

/* ---- what comes up ---- */

enum kern_event_kind {
	KERN_MH,	 /* a packet with a Mobility Header, or one with a Home Address option */
	KERN_MOBILE,	 /* an ICMPv6 message of Mobile IPv6 (types 144 to 147), checksum good */
	KERN_ICMP6,	 /* an ICMPv6 error about a packet with a Mobility Header of ours */
	KERN_FRAME,	 /* a frame on a link that is listened to (kern_frame_listen) */
	KERN_ADDRESS,	 /* an address came, changed or went on link.name */
	KERN_LINK,	 /* a link came, changed or went */
	KERN_FORWARDING, /* whether link.name is a router's was changed, by whomever */
	KERN_TUNNEL,	 /* a tunnel's MTU changed */
	KERN_LOST,	 /* messages were lost, or somebody touched what is ours: reconcile */
};

struct kern_event {
	enum kern_event_kind kind;
	union {
		const struct ip6_mh_packet *mh; /* KERN_MH, KERN_MOBILE; dies with the callback */
		struct {
			struct in6_addr from; /* who reported it */
			const uint8_t *p;     /* the ICMPv6 message; dies with the callback */
			size_t n;
		} icmp6;
		struct {
			const char *dev;
			const uint8_t *p; /* from the Ethernet header on; dies with the callback */
			size_t n;
		} frame;
		struct {
			char name[KOBJ_DEV_MAX];
			bool up; /* exists, is up and has a carrier */
		} link;
		struct {
			struct kobj_tunnel ends;
			uint32_t mtu; /* octets that fit into the tunnel */
		} tunnel;
	};
};

typedef void kern_event_fn(void *ctx, const struct kern_event *e);

/* ---- the object itself ---- */

enum kern_datapath { KERN_AUTO, KERN_KERNEL, KERN_PORTABLE };

struct kern_opts {
	const char *name;	     /* "mrd", "had": names devices' aliases and the filter table */
	uint8_t mark;		     /* protocol number on routes, rules, addresses, neighbours */
	enum kern_datapath datapath; /* KERN_AUTO picks, and logs which and why */
	uint8_t traffic_class; /* DSCP of the outer header, upper six bits; ECN is per packet */
	uint8_t hop_limit;     /* of the outer header; 0 means 64 (RFC 2473 6.3) */
	kern_event_fn *event;
	/*
	 * Is there to be an object with this key? Asked when somebody else has replaced a route:
	 * only one of ours is a reason to reconcile. NULL: none is.
	 */
	bool (*wanted)(void *ctx, const struct kobj *o);
	void *ctx;
};

/* Marks, as in /etc/iproute2/rt_protos: any free number tells ours from others'. */
enum kern_mark { KERN_MARK_MRD = 109, KERN_MARK_HAD = 110 };

/* 0 or -errno: -EPERM without CAP_NET_ADMIN and CAP_NET_RAW, -ENODEV without /dev/net/tun. */
int kern_open(struct kern **ret_kern, struct ev_loop *loop, const struct kern_opts *opts);
/*
 * Close sockets. Objects in the kernel stay, and with tunnels of the kernel datapath the
 * filter table; tunnels of the portable datapath go with the process, and the routes over
 * them, and the filter table.
 */
void kern_close(struct kern *k);
const char *kern_datapath_name(const struct kern *k); /* "portable" or "kernel" */

/* ---- objects: fit for want_ops ---- */

/* A route or rule over a tunnel needs the tunnel set first: -ENODEV otherwise. */
int kern_set(void *kern, const struct kobj *o);
int kern_clear(void *kern, const struct kobj *o);
/* Add to ret_found every object there that carries our mark. 0 or -errno. */
int kern_dump(struct kern *k, struct plan *ret_found);

struct kern_tunnel_info {
	char dev[KOBJ_DEV_MAX];
	uint32_t mtu; /* octets that fit into it; at least 1280 */
	uint64_t in_packets, in_octets, out_packets, out_octets;
	uint64_t in_dropped;  /* not passed, wrong ECN, malformed */
	uint64_t out_dropped; /* the kernel would not take the outer packet */
};
int kern_tunnel_info(const struct kern *k, const struct kobj_tunnel *t,
    struct kern_tunnel_info *ret_info); /* 0 or -ENODEV */

/* ---- signalling ---- */

/* Take signalling sent to this address of ours, or stop doing so. 0 or -errno. */
int kern_listen(struct kern *k, const struct in6_addr *addr, bool on);
int kern_mh_send(struct kern *k, const struct ip6_mh_out *out);
int kern_icmp6_send(struct kern *k, const struct ip6_icmp6_out *out);

/*
 * Take discovery requests sent to this anycast address of ours on link dev, or stop doing
 * so; neighbours on dev are told where it is. dev NULL: where the host has a route to it,
 * or anywhere. 0; -EADDRNOTAVAIL without forwarding and without the prefix on dev, other
 * -errno.
 */
int kern_anycast(struct kern *k, const struct in6_addr *addr, const char *dev, bool on);

/* ---- frames of Neighbour Discovery: a guest's link, a home link, an uplink ---- */

enum kern_frame_kinds {
	KERN_FRAMES_NONE = 0,
	/* Messages of these types that come in, from neighbours: KERN_FRAME. */
	KERN_FRAMES_RS = 0x01,
	KERN_FRAMES_RA = 0x02,
	KERN_FRAMES_NS = 0x04, /* to any group: also for addresses that are not ours */
	KERN_FRAMES_NA = 0x08,
	/* Redirects that the kernel would send out of the link are dropped. */
	KERN_FRAMES_NO_REDIRECT = 0x10,
	/*
	 * A link-local address that is not ours, in a frame to our MAC: somebody was told
	 * that we have it. Answered with "address unreachable" (RFC 6275 10.4.2).
	 */
	KERN_FRAMES_NO_LINK_LOCAL = 0x20,
};

/*
 * From now on take these frames (enum kern_frame_kinds, or'ed) that come in on dev and no
 * others. Idempotent; say it again when a link of that name has been made anew. A link
 * that does not exist is -ENODEV, unless what is NONE.
 */
int kern_frame_listen(struct kern *k, const char *dev, unsigned what);
/* The MAC that frames of ours have on dev. 0 or -ENODEV. */
int kern_frame_mac(struct kern *k, const char *dev, struct nd_mac *ret_mac);
int kern_frame_send(struct kern *k, const char *dev, const uint8_t *frame, size_t n);

/*
 * Keep copies of what goes out on dev, for a second, or no more: of at most 4096
 * frames of all links together, the newest. Idempotent. 0 or -errno.
 */
int kern_keep(struct kern *k, const char *dev, bool on);
/*
 * Send those that went to one of these n MACs from since_us on (unix time, in
 * microseconds) by a tunnel that is set: routed packets alone, oldest first.
 * Returns how many, or -ENODEV.
 */
int kern_keep_send(struct kern *k, const char *dev, const struct nd_mac *macs, unsigned n,
    int64_t since_us, const struct kobj_tunnel *t);

/* ---- questions ---- */

struct kern_address {
	struct in6_addr addr;
	uint8_t len;		    /* bits of its prefix */
	bool tentative, deprecated; /* DAD runs or failed; preferred lifetime over */
	bool temporary;		    /* RFC 8981 */
	bool permanent;		    /* static, not by RA */
};
/* Global addresses on dev, in the kernel's order. Returns how many (at most max) or -errno. */
int kern_addresses(struct kern *k, const char *dev, struct kern_address *ret_v, size_t max);
/* A link-local address of dev that is not tentative. 0, -ENODEV, or -ENOENT: none yet. */
int kern_linklocal(struct kern *k, const char *dev, struct in6_addr *ret_addr);
/* Is this address on any link of this host? */
bool kern_is_own(struct kern *k, const struct in6_addr *addr);

/* Named counts since the start, for `show counters`: fn is called once per name. */
void kern_counters(
    const struct kern *k, void (*fn)(void *ctx, const char *name, uint64_t n), void *ctx);

/* ---- settings of the host that are put back on a clean stop with `remove` ---- */

/*
 * A setting is a name and a value, both text:
 *
 *	sysctl net/ipv6/conf/all/forwarding	"1"
 *	link brvm address			"02:00:5e:00:52:13"
 *	link brvm addrgenmode			"none"
 *	address brvm fe80::1/64			"present" or "absent" (nodad)
 *
 * Get fails with -ENOENT if the sysctl or link does not exist.
 */
#define KERN_SETTING_NAME_MAX 96
#define KERN_SETTING_VALUE_MAX 32
int kern_setting_get(struct kern *k, const char *name, char value[static KERN_SETTING_VALUE_MAX]);
int kern_setting_set(struct kern *k, const char *name, const char *value);
/* Names of the settings "address DEV ADDR/LEN" of all link-local addresses now on dev. */
int kern_linklocals(
    struct kern *k, const char *dev, char (*ret_names)[KERN_SETTING_NAME_MAX], size_t max);
