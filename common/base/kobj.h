/*
 * kobj.h - what we want from the kernel, as values.
 *
 * A kernel object is a tunnel, an address, a route and so on, described in the
 * protocol's words. Cores make lists of them (want.h); the seam (kern.h) makes
 * them so. Tunnels are named by their ends, never by an interface index, so a
 * plan made before the device exists stays true after it.
 *
 * Every object has a key (what it is) and content (what it is like): setting an
 * object whose key exists replaces its content in one step.
 *
 *	kind		key			content
 *	TUNNEL		local, remote		-
 *	ADDRESS		dev, addr		home
 *	NEIGHBOUR	dev, addr		mac
 *	PROXY		dev, addr		-
 *	PASS		tunnel, side, prefix	late
 *	ROUTE		table, dst, metric	type, dev, via, mtu
 *	RULE		priority, from, iif	table
 *
 * Objects are compared with memcmp: always start from a zeroed one.
 *
 * Layer: base.
 */
#pragma once

#include "common/wire/ip6.h"
#include "common/wire/nd.h"

/* In the order in which they are set; they are cleared in the reverse one. */
enum kobj_kind {
	KOBJ_TUNNEL,
	KOBJ_ADDRESS,
	KOBJ_NEIGHBOUR,
	KOBJ_PROXY,
	KOBJ_PASS,
	KOBJ_ROUTE,
	KOBJ_RULE,
	KOBJ_KINDS
};

#define KOBJ_DEV_MAX 16 /* octets of an interface name with its NUL: IFNAMSIZ */

/* IPv6-in-IPv6 between an address of ours and one of a peer's (RFC 2473). */
struct kobj_tunnel {
	struct in6_addr local, remote;
};

/* Where a route or rule points: nowhere, a link by its name, a tunnel by its ends. */
struct kobj_dev {
	enum kobj_dev_kind { KOBJ_DEV_NONE, KOBJ_DEV_LINK, KOBJ_DEV_TUNNEL } kind;
	union {
		char link[KOBJ_DEV_MAX];
		struct kobj_tunnel tunnel;
	};
};

struct kobj_address {
	char dev[KOBJ_DEV_MAX];
	struct in6_addr addr; /* always /128, no DAD, no prefix route */
	bool home;	      /* a Home Address: the kernel's `home` flag */
};

struct kobj_neighbour {
	char dev[KOBJ_DEV_MAX];
	struct in6_addr addr;
	struct nd_mac mac; /* permanent: a paused guest is never asked */
};

struct kobj_proxy { /* answer neighbour solicitations for addr on dev */
	char dev[KOBJ_DEV_MAX];
	struct in6_addr addr;
};

/*
 * What may come out of a tunnel. A decapsulated packet is taken only if its
 * source lies in a SOURCE prefix of that tunnel or its destination in a
 * DESTINATION prefix (RFC 3963 section 3 and 9); else it is dropped and counted.
 * `late` marks the grace after a move (requirement X-08): taken, and counted apart.
 */
struct kobj_pass {
	struct kobj_tunnel tunnel;
	enum kobj_side { KOBJ_SOURCE, KOBJ_DESTINATION } side;
	struct ip6_prefix prefix;
	bool late;
};

struct kobj_route {
	uint32_t table;
	struct ip6_prefix dst; /* len 0 is the default route */
	uint32_t metric;       /* lower wins; never 0 */
	enum kobj_route_type { KOBJ_UNICAST, KOBJ_UNREACHABLE, KOBJ_BLACKHOLE } type;
	struct kobj_dev dev; /* of a unicast route */
	struct in6_addr via; /* :: is on-link */
	uint32_t mtu;	     /* octets; 0 is the device's own */
};

struct kobj_rule {
	uint32_t priority;
	struct ip6_prefix from; /* len 0 is any source */
	struct kobj_dev iif;
	uint32_t table;
};

struct kobj {
	enum kobj_kind kind;
	union {
		struct kobj_tunnel tunnel;
		struct kobj_address address;
		struct kobj_neighbour neighbour;
		struct kobj_proxy proxy;
		struct kobj_pass pass;
		struct kobj_route route;
		struct kobj_rule rule;
	};
};

#define KOBJ_TABLE_MAIN 254

bool kobj_same_key(const struct kobj *a, const struct kobj *b);
bool kobj_equal(const struct kobj *a, const struct kobj *b);

/* The octets of o that are its key, written to key[KOBJ_KEY_MAX]; returns how many. */
#define KOBJ_KEY_MAX 80
size_t kobj_key(const struct kobj *o, uint8_t key[static KOBJ_KEY_MAX]);

/*
 * One line, as near to ip(8) as it goes: "route 2001:db8:200:1::/64 dev
 * tunnel(2001:db8:2::10) table 254 metric 512". Tests compare these lines.
 * Returns buf.
 */
#define KOBJ_TEXT_MAX 256
const char *kobj_text(const struct kobj *o, char buf[static KOBJ_TEXT_MAX]);

/* ---- a list of them ---- */

struct plan {
	struct kobj *v; /* owned */
	size_t n, cap;
	bool bad; /* sticky: memory ran out while adding */
};

void plan_add(struct plan *p, const struct kobj *o);
void plan_clear(struct plan *p); /* empty, memory kept */
void plan_done(struct plan *p);	 /* empty, memory freed */

/* Shorthands, one per kind; dev names longer than KOBJ_DEV_MAX - 1 are cut. */
void plan_tunnel(struct plan *p, const struct kobj_tunnel *t);
void plan_address(struct plan *p, const char *dev, const struct in6_addr *addr, bool home);
void plan_neighbour(
    struct plan *p, const char *dev, const struct in6_addr *addr, const struct nd_mac *mac);
void plan_proxy(struct plan *p, const char *dev, const struct in6_addr *addr);
void plan_pass(struct plan *p, const struct kobj_pass *pass);
void plan_route(struct plan *p, const struct kobj_route *route);
void plan_rule(struct plan *p, const struct kobj_rule *rule);

struct kobj_dev kobj_link(const char *name);
struct kobj_dev kobj_tunnel_dev(const struct kobj_tunnel *t);
