/*
 * ha.h - the home agent: packets and time in, answers and kernel objects out.
 *
 * Receiving a Binding Update is the verdict (ha_verdict.h), the plan (ha_plan.h),
 * the kernel (want.h), and only when the kernel agreed the binding and the answer.
 * A refused one leaves everything as it was.
 *
 *	h = ha_new(want, &ops, ctx);
 *	ha_configure(h, &policy, &table, now);
 *	ha_receive(h, now, packet);	// from the network
 *	ha_tick(h, now);		// when what ops->arm said has come
 *
 * Source: RFC 6275 9.2, 9.3, 9.5, 10.3; RFC 3963 6.
 * Layer:  core. No clock, socket, log or global.
 */
#pragma once

#include "common/base/want.h"
#include "had/ha_verdict.h"

struct ha; /* opaque */

enum ha_event_kind {
	HA_EV_REGISTERED, /* first registration, or a live one with other prefixes */
	HA_EV_REFRESHED,  /* the same again */
	HA_EV_MOVED,	  /* from previous_coa */
	HA_EV_DEREGISTERED,
	HA_EV_EXPIRED,
	HA_EV_DROPPED,	 /* by command, by a new configuration, or taken over: see reason */
	HA_EV_REFUSED,	 /* a message was answered with a refusal; the binding is untouched */
	HA_EV_DISCARDED, /* a message was discarded, or answered with an error message */
};

struct ha_event {
	enum ha_event_kind kind;
	enum ha_reason reason; /* of the message; HA_REASONS if there was none */
	struct in6_addr from;  /* refused, discarded: the source on the wire */
	struct in6_addr hoa, coa;
	struct in6_addr previous_coa; /* moved */
	uint16_t seq;
	uint8_t status; /* refused */
	uint32_t lifetime_s;
	uint8_t n;
	const struct ip6_prefix *prefix; /* n of them; die with the call */
};

/* What the home agent may do to the world. Each call returns at once. */
struct ha_ops {
	/* A Mobility Header message; what out points to dies with the call. */
	void (*send)(void *ctx, const struct ip6_mh_out *out);
	/* An ICMPv6 message with its checksum. */
	void (*icmp6)(void *ctx, const struct ip6_icmp6_out *out);
	/* A frame on a home link. */
	void (*frame)(void *ctx, const char *dev, const uint8_t *p, size_t n);
	/* Call ha_tick then; replaces the instant given before. MONO_NEVER: not at all. */
	void (*arm)(void *ctx, mono_t when);
	void (*event)(void *ctx, const struct ha_event *e);
	/*
	 * The hook for authentication (requirement N-47, S-02): asked once for each
	 * well-formed Binding Update, and for each question of a host that wants one
	 * (ha_hand.h), before any answer that depends on a binding. 0 accepts, below 0 discards in
	 * silence, a status of 128 or more refuses with it. NULL accepts everything.
	 */
	int (*authenticate)(void *ctx, const struct ip6_mh_packet *p, const struct mh *bu);
};

/* NULL: no memory. want and ops are borrowed and must outlive it. */
struct ha *ha_new(struct want *want, const struct ha_ops *ops, void *ctx);
/* Frees memory; what is in the kernel stays. */
void ha_free(struct ha *h);

/*
 * Take a configuration, the first or another; both are borrowed until the next.
 * Bindings that it does not allow are dropped, with an event each; implicit ones
 * get the prefixes the table has now. Returns 0, or -errno if the kernel refused
 * the routes underneath, and the old configuration is still in force.
 */
int ha_configure(
    struct ha *h, const struct ha_policy *policy, const struct ha_table *table, struct tick t);

/*
 * Go on with the routes that a run before us left (ha_adopt.h): after the first
 * configuration; want knows what was found. 0 or -ENOMEM, then some are strays.
 */
int ha_adopt(struct ha *h, const struct plan *found, struct tick t);
size_t ha_adopted(const struct ha *h); /* how many are left */

/* A packet with a Mobility Header, or with a Home Address option, to our address. */
void ha_receive(struct ha *h, struct tick t, const struct ip6_mh_packet *p);

/*
 * A home link of the configuration is there (ha_home.h), has changed, or is gone: index 0.
 * 0; -ENOSPC: there are too many.
 */
struct ha_station;
int ha_station(struct ha *h, const char *dev, const struct ha_station *at);
/* A frame with a Neighbour Solicitation or Advertisement on a home link. */
void ha_frame(struct ha *h, struct tick t, const char *dev, const uint8_t *p, size_t n);

/* Do what is due. Early or late calls are harmless. */
void ha_tick(struct ha *h, struct tick t);
/* When ha_tick has something to do. */
mono_t ha_deadline(const struct ha *h);

/*
 * Would this Binding Update be taken? Nothing changes and nothing is sent. With
 * q->inquiry set, the sequence number is not looked at.
 */
void ha_inquire(
    const struct ha *h, struct tick t, const struct ha_request *q, struct ha_verdict *ret_verdict);

/* Forget a binding at once, its sequence number too. 0, or -ENOENT. */
int ha_drop(struct ha *h, struct tick t, const struct in6_addr *hoa);

const struct ha_cache *ha_bindings(const struct ha *h); /* to walk: ->by_hoa, hh.next */
size_t ha_bound(const struct ha *h);			/* how many are bound */
uint64_t ha_counted(const struct ha *h, enum ha_reason r);
