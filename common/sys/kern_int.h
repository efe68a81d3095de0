/*
 * kern_int.h - what the files behind kern.h share: the object and its parts.
 *
 *	kern.c		opens and closes the parts, dispatches by kind of object
 *	kern_nl.c	one netlink request and its answer
 *	kern_probe.c	which datapath the kernel has
 *	kern_rtnl.c	addresses, neighbours, proxies, routes and rules as messages
 *	kern_link.c	links: index, name, MTU, address; addresses on them
 *	kern_monitor.c	what the kernel tells unasked
 *	kern_mh.c	signalling in and out
 *	kern_nft.c	the filter table that keeps the kernel's own hands off signalling
 *	kern_frame.c	frames of Neighbour Discovery
 *	kern_keep.c	copies of what guests were given lately
 *	kern_setting.c	settings of the host
 *	kern_mtu.c	path MTUs of tunnels
 *	kern_kernel.c	the kernel datapath: its filter, its sets, its tunnels
 *	kern_filter.c	the kernel datapath: the text of its filter
 *	kern_ip6tnl.c	the kernel datapath: ip6tnl devices
 *	kern_guard.c	the kernel datapath: what may come out of a tunnel
 *	kern_set.c	the kernel datapath: elements of the filter table's sets
 *	kern_xfrm.c	the kernel datapath: states and policies of Mobile IPv6
 *	kern_raw.c	signalling that the kernel hands up through raw sockets
 *	kern_tun.c	the portable datapath: devices and sockets
 *	kern_tun_io.c	the portable datapath: packets
 *	kern_tun_error.c  the portable datapath: ICMPv6 errors from inside tunnels
 *	tunnel.c	the portable datapath: what RFC 2473 and 6040 say about one packet
 *	kern_pass.c	the portable datapath: what may come out of a tunnel
 *
 * Layer: sys, private to kern*.c.
 */
#pragma once

#include "common/base/base.h"
#include "common/sys/kern.h"
#include "common/sys/kern_nl.h"

/* ---- counters: `show counters` prints the names in kern.c ---- */

enum kern_count {
	KERN_COUNT_MH_IN,
	KERN_COUNT_MH_MALFORMED,
	KERN_COUNT_MH_OUT,
	KERN_COUNT_MH_OUT_FAILED,
	KERN_COUNT_FRAME_IN,
	KERN_COUNT_FRAME_OUT,
	KERN_COUNT_TUNNEL_UNKNOWN_SOURCE,
	KERN_COUNT_TUNNEL_MALFORMED,
	KERN_COUNT_TUNNEL_LINK_LOCAL,
	KERN_COUNT_TUNNEL_ECN,
	KERN_COUNT_TUNNEL_DEVICE,
	KERN_COUNT_PASS_SOURCE,
	KERN_COUNT_PASS_DESTINATION,
	KERN_COUNT_PASS_LATE,
	KERN_COUNT_ENCAP_MALFORMED,
	KERN_COUNT_ENCAP_LINK_LOCAL,
	KERN_COUNT_ENCAP_LOOP,
	KERN_COUNT_ENCAP_LIMIT,
	KERN_COUNT_ENCAP_FAILED,
	KERN_COUNT_ERROR_RELAYED,
	KERN_COUNT_ERROR_SUPPRESSED,
	KERN_COUNT_PATH_MTU,
	KERN_COUNT_PATH_NARROW,
	KERN_COUNT_KEEP_SENT,
	KERN_COUNT_KEEP_FAILED,
	KERN_COUNT_KEEP_OVERFLOW,
	KERN_COUNT_LOST,
	KERN_COUNTS
};

/* ---- the seam between the two datapaths ---- */

/* Tunnels, and what may come out of them; everything else is the same for both. */
struct kern_datapath_ops {
	const char *name;
	const char *filter; /* the filter table, in nft(8)'s words: %t its name, %g the mark */
	bool fragments;	    /* outer packets too long for their path go in fragments */
	int (*open)(struct kern *k);
	void (*close)(struct kern *k);
	/* Objects of the kinds TUNNEL and PASS. */
	int (*set)(struct kern *k, const struct kobj *o);
	int (*clear)(struct kern *k, const struct kobj *o);
	void (*dump)(struct kern *k, struct plan *ret_found);
	/* The device of a tunnel, or 0; the ends of the tunnel of a device, or false. */
	unsigned (*index_of)(const struct kern *k, const struct kobj_tunnel *t);
	bool (*ends_of)(const struct kern *k, unsigned index, struct kobj_tunnel *ret_ends);
	int (*info)(
	    const struct kern *k, const struct kobj_tunnel *t, struct kern_tunnel_info *ret_info);
	/* Add to counts what the kernel counts for us; may be NULL. */
	void (*count)(const struct kern *k, uint64_t counts[static KERN_COUNTS]);
	/* True if kernel objects of ours outlive us: then the filter table stays, too. May be NULL.
	 */
	bool (*stays)(const struct kern *k);
	/* The filter table was made anew: fill the sets that are the datapath's. May be NULL. */
	int (*refill)(struct kern *k);
};

extern const struct kern_datapath_ops kern_portable_ops, kern_kernel_ops;
extern const char kern_kernel_filter[];

/* ---- the parts ---- */

struct kern_monitor {
	int fd;
	struct ev_io io;
	struct ev_timer lost; /* gathers reasons for KERN_LOST into one event */
	uint8_t *buf;
	/* Notifications about addresses name no sender: how many of our own are due. */
	unsigned own_address_dels;
};

struct kern_mh {
	int in;	    /* AF_PACKET: signalling as it came, before the kernel judges it */
	int out;    /* IPPROTO_RAW: whole packets */
	int icmp;   /* ICMPv6 errors */
	int raw;    /* kernel datapath: protocol 135, as the kernel hands it up */
	int mobile; /* ICMPv6 of Mobile IPv6, as the kernel hands it up */
	struct ev_io in_io, icmp_io, raw_io, mobile_io;
	struct in6_addr *own; /* addresses listened to */
	size_t own_n;
	struct in6_addr *anycast;
	size_t anycast_n;
};

struct kern_frames {
	int fd; /* AF_PACKET: what is wanted on any link in, any frame out */
	struct ev_io io;
	struct kern_frame_link {
		char name[KOBJ_DEV_MAX];
		unsigned what;	/* enum kern_frame_kinds */
		unsigned index; /* for which it was last said */
	} * links;		/* those listened to */
	size_t links_n;
};

struct kern_keeps {
	int fd, out;	/* AF_PACKET: with the ring, and to send; -1 before they are needed */
	uint8_t *ring;	/* borrowed from the kernel */
	unsigned first; /* the oldest slot that may be filled */
	struct ev_timer timer;
	char (*links)[KOBJ_DEV_MAX];
	size_t links_n;
};

/* The path MTU of one tunnel's device; embedded in whatever the datapath keeps of it. */
struct kern_mtu {
	struct kobj_tunnel ends;
	unsigned index;
	uint32_t octets; /* the device's */
	bool stale;
	struct kern_mtu *prev, *next;
};

struct kern_mtus {
	struct kern_mtu *first;
	struct ev_timer soon, every;
};

/* The filter table. */
struct kern_filter {
	char table[48]; /* its name */
	bool has_table; /* it is in place */
	struct kern_nl nl;
	int news; /* what anybody does to tables */
	struct ev_io io;
	struct ev_timer again; /* it has to be made anew */
};

struct portable;
struct kernel;

struct kern {
	struct ev_loop *loop;
	struct kern_opts opts; /* .name is k->name */
	char name[32];
	const struct kern_datapath_ops *ops;
	struct portable *portable;
	struct kernel *kernel;
	struct kern_nl nl;
	struct kern_monitor monitor;
	struct kern_mh mh;
	struct kern_frames frames;
	struct kern_keeps keeps;
	struct kern_mtus mtus;
	struct kern_filter filter;
	uint64_t counts[KERN_COUNTS];
};

static inline void
kern_count(struct kern *k, enum kern_count c)
{
	k->counts[c]++;
}

void kern_emit(struct kern *k, const struct kern_event *e);
extern const char *const kern_count_names[KERN_COUNTS];

/* ---- kern_probe.c ---- */

/* NULL if the kernel datapath works in this network namespace; else why not. */
const char *kern_probe(struct kern *k);

/* ---- kern_link.c ---- */

unsigned kern_link_index(const struct kern *k, const char *name); /* 0: there is none */
bool kern_link_name(const struct kern *k, unsigned index, char ret_name[static KOBJ_DEV_MAX]);

/* What `ip link` shows with a tunnel's device: "homeport NAME LOCAL REMOTE"; t NULL: "spare". */
#define KERN_ALIAS_MAX 160
const char *kern_alias(
    const struct kern *k, const struct kobj_tunnel *t, char buf[static KERN_ALIAS_MAX]);
bool kern_is_alias(const char *s);

/* ---- kern_rtnl.c ---- */

int kern_rtnl_set(struct kern *k, const struct kobj *o);
int kern_rtnl_clear(struct kern *k, const struct kobj *o);
int kern_rtnl_dump(struct kern *k, struct plan *ret_found);
/* The key of the route that a message is about; the content stays zero. */
bool kern_rtnl_route_key(struct nlmsghdr *h, struct kobj *ret_o);

/* ---- kern_monitor.c ---- */

void kern_monitor_init(struct kern *k);
int kern_monitor_open(struct kern *k);
void kern_monitor_close(struct kern *k);
void kern_monitor_lost(struct kern *k); /* KERN_LOST soon, once for many reasons */

/* ---- kern_mh.c ---- */

int kern_mh_open(struct kern *k);
void kern_mh_close(struct kern *k);
bool kern_mh_is_listened(const struct kern *k, const struct in6_addr *addr);

/* A packet from its IPv6 header on; from_raw: the kernel has judged it already. */
void kern_mh_packet(struct kern *k, const uint8_t *p, size_t n, unsigned ifindex, bool from_raw);

/* ---- kern_raw.c ---- */

int kern_raw_open(struct kern *k); /* Mobility Headers */
int kern_raw_open_mobile(struct kern *k);
void kern_raw_close(struct kern *k);

/* ---- kern_mtu.c ---- */

void kern_mtu_open(struct kern *k);
void kern_mtu_close(struct kern *k);
/* What fits into a tunnel between these ends now. */
uint32_t kern_mtu_fitting(const struct kobj_tunnel *ends);
void kern_mtu_watch(struct kern *k, struct kern_mtu *m); /* index and octets are set */
void kern_mtu_forget(struct kern *k, struct kern_mtu *m);
/* Ask for the path MTU again soon: of one tunnel, of that with these ends, of all. */
void kern_mtu_stale(struct kern *k, struct kern_mtu *m);
void kern_mtu_told(struct kern *k, const struct in6_addr *local, const struct in6_addr *remote);
void kern_mtu_all_stale(struct kern *k);

/* ---- kern_nft.c: each is one transaction ---- */

/* The table is made anew, and filled, whenever somebody else removes it or a part of it. */
void kern_nft_init(struct kern *k);
int kern_nft_open(struct kern *k);
int kern_nft_try(struct kern *k); /* would that work? Changes nothing */
void kern_nft_close(struct kern *k);
int kern_nft_own(struct kern *k, const struct in6_addr *addr, bool on);
int kern_nft_link(struct kern *k, const char *set, const char *dev, bool on);

/* ---- kern_frame.c ---- */

int kern_frame_open(struct kern *k);
void kern_frame_close(struct kern *k);
int kern_frame_refill(struct kern *k); /* the filter table is new: its sets of links */

/* ---- kern_keep.c ---- */

void kern_keep_init(struct kern *k);
void kern_keep_close(struct kern *k);
