/*
 * mr.h - the mobile router of one host: its guests, their registrations and its
 * care-of address, put together.
 *
 * Words, packets, frames, addresses and time go in; packets, frames, kernel objects
 * (through a want) and events come out. Every call returns at once, and leaves the
 * next moment at which it wants mr_tick() with ops->arm.
 *
 * Source: RFC 3963 (mobile router), RFC 6275 11 (mobile node).
 * Layer:  core.
 *
 *	mr = mr_new(&conf, &ops, ctx, want, seed);
 *	mr_addresses(mr, v, n, &tick);		// care-of address
 *	mr_restore(mr, &guest, &tick);		// each of the run-time file
 *	mr_configure(mr, &conf, &tick, &why);	// guests of mrd.conf
 *	mr_word(mr, MR_WORD_RUNNING, "web1", NULL, &tick, &why);
 */
#pragma once

#include "common/base/want.h"
#include "mrd/mr_guest.h"
#include "mrd/mr_move.h"
#include "mrd/mr_plan.h"
#include "mrd/mr_state.h"

struct mr; /* opaque */

/* What is counted, by the names in mr_count_name(). */
enum mr_count {
	MR_N_BU_SENT,
	MR_N_BU_FAILED, /* the kernel would not send it */
	MR_N_BA_ACCEPTED,
	MR_N_BA_REFUSED,
	MR_N_RA_SENT,
	MR_N_NA_SENT,
	MR_N_NS_SENT,
	MR_N_FRAME_FAILED,
	MR_N_PLAN_FAILED,
	MR_N_DISCOVERY_SENT,
	MR_N_DISCOVERY_FAILED, /* the kernel would not send it */
	MR_N_PREFIX_SENT,
	MR_N_PREFIX_FAILED, /* the kernel would not send it */
	MR_N_PREFIX_LEARNT,
	MR_N_ASKED,
	MR_N_HANDED,
	MR_N_KEPT_SENT, /* packets kept, and sent to where the guest went */
	/* From here on: dropped. */
	MR_N_DROPPED,
	MR_N_MH_MALFORMED = MR_N_DROPPED,
	MR_N_MH_UNKNOWN,    /* answered with a Binding Error */
	MR_N_MH_PROBLEM,    /* answered with a Parameter Problem */
	MR_N_MH_UNEXPECTED, /* a type that no mobile router takes */
	MR_N_MH_STRANGER,   /* not from our home agent */
	MR_N_MH_NO_HOME,    /* no routing header where there must be one */
	MR_N_MH_NOT_OURS,   /* routing header with an address of none of our guests */
	MR_N_MH_NOT_HERE,   /* a guest of ours that is elsewhere */
	MR_N_BA_NOT_ASKED,  /* answers nothing that is outstanding */
	MR_N_BA_NOT_AUTHENTIC,
	MR_N_HOME_OPTION, /* Home Address option towards us: we are no correspondent */
	MR_N_DISCOVERY_UNASKED,
	MR_N_DISCOVERY_USELESS, /* no mobile routers there, or not on the home link */
	MR_N_PREFIX_UNASKED,
	MR_N_PREFIX_OTHERS,	/* without the prefix of the Home Address */
	MR_N_MOBILE_UNEXPECTED, /* an ICMPv6 message of Mobile IPv6 that is not for us */
	MR_N_ICMP6_UNRELATED,
	MR_N_ICMP6_UNREACHABLE,
	MR_N_ICMP6_UNRECOGNIZED,   /* home agent does not know the Mobility Header */
	MR_N_ICMP6_NO_HOME_OPTION, /* nor the Home Address option */
	MR_N_RS_STRANGER,	   /* solicitation from a MAC of no guest here */
	MR_N_RS_LIMITED,
	MR_N_FRAME_MALFORMED,
	MR_COUNTS
};

const char *mr_count_name(enum mr_count count);

struct mr_event {
	enum mr_event_kind {
		MR_EVENT_GUEST,	     /* its state changed */
		MR_EVENT_REGISTERED, /* took_ms; for a refresh too, with `refresh` set */
		MR_EVENT_REFUSED,    /* status, from, fatal */
		MR_EVENT_LAPSED,
		MR_EVENT_ASKED,	     /* guest->hand.ask has its answer */
		MR_EVENT_EXPECTED,   /* address; :: nobody is any more */
		MR_EVENT_HANDED,     /* address that has it now */
		MR_EVENT_AGENT,	     /* from; the guest has the new one */
		MR_EVENT_DISCOVERED, /* mr_agents() are others */
		MR_EVENT_PREFIX,     /* guest->reg.valid_until is known anew */
		MR_EVENT_RETURNED,   /* at home, and no binding is left; status, took_ms */
		MR_EVENT_CAREOF,     /* address; :: when there is none */
		MR_EVENT_KERNEL,     /* error, object: refused, will be tried again */
		MR_EVENT_DROPPED,    /* count, address it came from */
	} kind;
	const struct mr_guest *guest; /* or NULL */
	uint8_t status;
	bool fatal, refresh;
	int64_t took_ms;
	struct mr_reg_with from;
	struct in6_addr address;
	int error; /* -errno */
	struct kobj object;
	enum mr_count count;
};

/* What the core may do to the world. None of them calls back. */
struct mr_ops {
	int (*send)(void *ctx, const struct ip6_mh_out *out); /* 0 or -errno */
	int (*icmp6)(void *ctx, const struct ip6_icmp6_out *out);
	int (*frame)(void *ctx, const char *dev, const uint8_t *p, size_t n);
	int (*mac)(void *ctx, const char *dev, struct nd_mac *ret_mac); /* that frames have */
	/* A guest's link is needed: settings, frames. Again and again. 0 or -errno. */
	int (*link)(void *ctx, const char *dev);
	/* Take signalling sent to this care-of address, or no more. */
	int (*listen)(void *ctx, const struct in6_addr *addr, bool on);
	/* Keep copies of what goes out on dev, or no more. 0 or -errno. */
	int (*keep)(void *ctx, const char *dev, bool on);
	/* Send those to the guest from since_us on (unix time) by this tunnel. How many, or -errno.
	 */
	int (*send_kept)(void *ctx, const struct mr_guest *g, int64_t since_us,
	    const struct kobj_tunnel *tunnel);
	/* Octets that fit into this tunnel; 0 if not known. */
	uint32_t (*mtu)(void *ctx, const struct kobj_tunnel *tunnel);
	void (*save)(void *ctx); /* what mr_save() writes has changed: before the kernel does */
	void (*arm)(void *ctx, mono_t when); /* replaces any earlier one */
	void (*event)(void *ctx, const struct mr_event *e);
	/* Is this acknowledgement the home agent's? NULL: believe all from its address. */
	bool (*authentic)(void *ctx, const struct ip6_mh_packet *p, const struct mh *m);
};

/* Why a word was refused. */
struct mr_why {
	const char *code; /* "unknown-guest", "prefix-taken", "refused" */
	char text[200];
	int error; /* the -errno of what failed underneath, to be put behind it; or 0 */
};

/*
 * conf is copied, all but its guests; ops, ctx and want are borrowed. seed: any
 * number, not 0, another on each host: it spreads advertisements. NULL: no memory.
 */
struct mr *mr_new(const struct mr_conf *conf, const struct mr_ops *ops, void *ctx,
    struct want *want, uint32_t seed);
void mr_free(struct mr *mr); /* leaves the kernel as it is */

/*
 * Another configuration, with its guests: new ones become known, missing ones are
 * forgotten once they are not here. Returns 0, or -errno with a reason, and then
 * nothing has changed.
 */
int mr_configure(
    struct mr *mr, const struct mr_conf *conf, const struct tick *now, struct mr_why *ret_why);

/* ---- words: 0, or -errno with a reason ---- */

/* keys may be NULL; what is given must agree with what is known, or makes it known. */
int mr_word(struct mr *mr, enum mr_word word, const char *name, const struct mr_guest_conf *keys,
    const struct tick *now, struct mr_why *ret_why);
/* `suspended`, with the moment it stopped: unix time in microseconds. */
int mr_suspended(struct mr *mr, const char *name, int64_t stopped_us, const struct tick *now,
    struct mr_why *ret_why);
/* `guest gone NAME deregister`: shut down for good, no other host will register it. */
int mr_gone_for_good(
    struct mr *mr, const char *name, const struct tick *now, struct mr_why *ret_why);
/* `guest cancel NAME`: it was to arrive and does not. One that is here is left alone. */
int mr_cancel(struct mr *mr, const char *name, const struct tick *now, struct mr_why *ret_why);
int mr_define(struct mr *mr, const struct mr_guest_conf *conf, const struct tick *now,
    struct mr_why *ret_why);
int mr_forget(struct mr *mr, const char *name, const struct tick *now, struct mr_why *ret_why);
int mr_refresh(struct mr *mr, const char *name, const struct tick *now, struct mr_why *ret_why);

/* A guest of the run-time file, as it was. Running ones register at once. */
int mr_restore(struct mr *mr, const struct mr_state_guest *state, const struct tick *now);
/* Its text: guests that are here, or known by words alone. */
void mr_save(const struct mr *mr, struct mr_text *t);

/* ---- what comes in ---- */

void mr_addresses(struct mr *mr, const struct mr_move_addr *v, size_t n, const struct tick *now);
void mr_receive(struct mr *mr, const struct ip6_mh_packet *p, const struct tick *now);
/* An ICMPv6 message of Mobile IPv6. */
void mr_mobile(struct mr *mr, const struct ip6_mh_packet *p, const struct tick *now);
void mr_icmp6(
    struct mr *mr, const struct in6_addr *from, const uint8_t *p, size_t n, const struct tick *now);
void mr_frame(struct mr *mr, const char *dev, const uint8_t *p, size_t n, const struct tick *now);
/* The MTU of the tunnel changed: guests are told. */
void mr_mtu_changed(struct mr *mr, const struct tick *now);
/* A link is there again: what the kernel forgot of it is asked for anew. */
void mr_link_back(struct mr *mr, const char *dev, const struct tick *now);
void mr_tick(struct mr *mr, const struct tick *now);

/* ---- what it is like ---- */

const struct mr_guest *mr_find(const struct mr *mr, const char *name);
void mr_each(const struct mr *mr, void (*fn)(void *ctx, const struct mr_guest *g), void *ctx);
const struct mr_host *mr_host(const struct mr *mr);
const struct mr_agents *mr_agents(const struct mr *mr);
mono_t mr_due(const struct mr *mr);
uint64_t mr_counted(const struct mr *mr, enum mr_count count);
