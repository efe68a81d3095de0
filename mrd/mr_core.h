/*
 * mr_core.h - inside of the core: what mr.c (plans, care-of address, time),
 * mr_words.c (words), mr_configure.c (configuration, run-time file), mr_signal.c
 * (Mobility Headers), mr_radv.c (frames to guests) and mr_return.c (home links) share.
 *
 * Layer: core, private.
 */
#pragma once

#include "mrd/mr.h"
#include "mrd/mr_discover.h"

#define MR_RETRY_MS 1000    /* the kernel refused a plan: so long until the next try */
#define MR_ANSWER_TOKENS 10 /* Binding Errors and Parameter Problems a second; ours */

struct mr {
	const struct mr_ops *ops;
	void *ctx;
	struct want *want;

	struct mr_conf conf; /* without its guests */
	struct mr_reg_conf reg_conf;
	struct mr_hand_conf hand_conf;
	uint16_t ask_id;    /* of the last question */
	int64_t stopped_us; /* of the word being done: unix time, or 0 */
	struct mr_host host;
	struct mr_agents agents; /* whom guests may be registered with: found, configured */
	struct mr_agents found;	 /* on the home link */
	struct mr_discover discover;
	mono_t late_over; /* when host.late_careof is forgotten */
	mono_t home_over; /* when something that host.home has learnt is */
	struct mr_guests guests;

	struct plan next; /* scratch of apply() */
	uint32_t random;  /* xorshift32; never 0 */
	unsigned answer_tokens;
	mono_t answer_refilled;
	uint64_t count[MR_COUNTS];
};

extern const struct mr_reg_ops mr_reg_ops; /* mr_signal.c */

/* At the end of every call: plans that changed go to the kernel, the timer is set. */
void mr_settle(struct mr *mr, const struct tick *now);
void mr_dropped(struct mr *mr, enum mr_count count, const struct in6_addr *from);
/* The guest's plan as its state is now, to the kernel. What is refused is tried again. */
int mr_apply(struct mr *mr, struct mr_guest *g, mono_t now);
void mr_all_dirty(struct mr *mr); /* something that all plans depend on has changed */

/* ---- mr_words.c ---- */

/* Fill in why, and return error. */
__attribute__((format(printf, 4, 5))) int mr_refuse(
    struct mr_why *why, int error, const char *code, const char *fmt, ...);
/* The same, because something underneath failed. */
int mr_fail(struct mr_why *why, int error, const struct mr_guest_conf *conf, const char *what);

/* A guest becomes known; its objects come with the next mr_settle. */
int mr_add(struct mr *mr, const struct mr_guest_conf *conf, enum mr_origin origin, uint32_t index,
    struct mr_guest **ret_guest, struct mr_why *why);
/* Another configuration for it; another Home Address is another registration. */
int mr_change(
    struct mr *mr, struct mr_guest *g, const struct mr_guest_conf *conf, const struct tick *now);
void mr_forget_guest(struct mr *mr, struct mr_guest *g); /* its objects go, and it */
int mr_link_up(struct mr *mr, const struct mr_guest_conf *conf, struct mr_why *why);

/* Do a word that can be done. leave: how its registration ends, if it does. */
void mr_live(struct mr *mr, struct mr_guest *g, const struct mr_life *life, enum mr_reg_event leave,
    const struct tick *now);

/* ---- mr_signal.c ---- */

/*
 * The guest here that the packet is for, by its routing header or destination, if it is from
 * the home agent that the guest is registered with. NULL: dropped, and counted.
 */
struct mr_guest *mr_addressee(struct mr *mr, const struct ip6_mh_packet *p);

/* ---- mr_configure.c ---- */

/* All but its guests. Are the home agents others? */
bool mr_take_values(struct mr *mr, const struct mr_conf *conf);

/* From what is found and configured. Are they others? */
bool mr_take_agents(struct mr *mr);

/* ---- mr_mobile.c ---- */

/* Ask for home agents, if it is time and there is an address to ask from. */
void mr_discover_run(struct mr *mr, mono_t now);
mono_t mr_discover_next(const struct mr *mr);

/* A Binding Acknowledgement has accepted it: is there a reason to ask for the home prefix? */
void mr_prefix_registered(struct mr_guest *g, mono_t now);
/* Ask, if it is time, and it is registered from here. */
void mr_prefix_run(struct mr *mr, struct mr_guest *g, mono_t now);
mono_t mr_prefix_next(const struct mr_guest *g);

/* ---- mr_choose.c: which home agent, which mode ---- */

/* Nothing is registered: from the beginning. */
void mr_choose_first(struct mr *mr, struct mr_guest *g);
/* The operator wants it tried again: what was refused counts no more. */
void mr_choose_again(struct mr *mr, struct mr_guest *g);
/* Is there another to ask, should the present one not answer? */
bool mr_choose_has_other(const struct mr *mr, const struct mr_guest *g);
/* What became of the present one. The next mr_choose_settle acts on it. */
void mr_choose_failed(struct mr *mr, struct mr_guest *g, enum mr_outcome what);
void mr_choose_worked(struct mr *mr, struct mr_guest *g, mono_t now);
void mr_choose_settle(struct mr *mr, struct mr_guest *g, const struct tick *now);
/* Before a new registration: back to where the guest still is registered (RFC 6275 11.4.1). */
void mr_choose_live(struct mr *mr, struct mr_guest *g, const struct tick *now);
/* mr->agents has changed. */
void mr_choose_changed(struct mr *mr, const struct tick *now);

/* ---- mr_radv.c ---- */

uint32_t mr_random(struct mr *mr); /* good for spreading in time, not for secrets */

/* The guest's Router Advertisement, to each of its MACs. */
void mr_radv_send(struct mr *mr, struct mr_guest *g);
void mr_radv_tick(struct mr *mr, struct mr_guest *g, mono_t now);

/* ---- mr_return.c ---- */

/*
 * Tell a guest's registration where it is: at home, or at the care-of address. Whenever the
 * guest comes or goes, or the host's addresses change.
 */
void mr_place(struct mr *mr, struct mr_guest *g, const struct tick *now);
void mr_place_all(struct mr *mr, const struct tick *now);
/* It has no place at home any more, before its Home Address changes. */
void mr_displace(struct mr *mr, struct mr_guest *g);
void mr_return_tick(struct mr *mr, struct mr_guest *g, const struct tick *now);
void mr_uplink_frame(struct mr *mr, const uint8_t *p, size_t n, const struct tick *now);

/* ---- mr_handover.c: what two hosts and the home agent say about a guest that moves ---- */

extern const struct mr_hand_ops mr_hand_ops;
/* The guest enters another state: what is to be sent first, and, after the kernel, last. */
void mr_handover_before(struct mr *mr, struct mr_guest *g, enum mr_guest_state to, bool for_good,
    const struct tick *now);
void mr_handover_after(
    struct mr *mr, struct mr_guest *g, enum mr_guest_state from, const struct tick *now);
/* Of what it knows, and what it does: copies are kept or no longer. */
void mr_handover_settle(struct mr *mr, struct mr_guest *g);
/* Messages of the home agent: false, not one of these. */
bool mr_handover_take(
    struct mr *mr, const struct ip6_mh_packet *p, const struct mh *m, const struct tick *now);
/* Does it answer a Binding Update that handed the guest over? */
bool mr_handover_acknowledged(
    struct mr *mr, struct mr_guest *g, const struct mh *ba, const struct tick *now);
/* Binding Error, status 2. */
void mr_handover_not_understood(struct mr *mr, const struct ip6_mh_packet *p);
void mr_handover_tick(struct mr_guest *g, const struct tick *now);
