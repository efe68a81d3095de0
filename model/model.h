/*
 * model.h - the whole in one process: mobile routers, a home agent, the network
 * between them, hypervisors that move guests, and everything that may go wrong.
 *
 * The cores are the real ones. Their kernels are lists of objects, their network
 * delays, loses, doubles and reorders, their clocks are apart, they are killed
 * between any two things they do. A schedule says what happens when; a run of it
 * always ends the same. What has to hold is in model_check.c.
 *
 * Layer: tests only.
 */
#pragma once

#include "mrd/mr.h" /* first: it says what uthash does without memory */

#include "had/ha.h"

#define MODEL_HOSTS 3
#define MODEL_HA MODEL_HOSTS /* as a node of the network */
#define MODEL_NODES (MODEL_HOSTS + 1)
#define MODEL_NOWHERE MODEL_HOSTS /* as the place of a guest */
#define MODEL_GUESTS 2
#define MODEL_STEPS 128

/* ---- model_schedule.c: what happens ---- */

enum model_kind {
	/* Words to the mobile router of `host`; lost if it is not there. */
	MODEL_INCOMING,
	MODEL_RUNNING,
	MODEL_SUSPENDED,
	MODEL_GONE,
	MODEL_ENDED, /* `gone ... deregister` */
	MODEL_CANCEL,
	/* What is: the guest runs on `host`, or MODEL_NOWHERE (dead, or on its way). */
	MODEL_IS_ON,
	/* The daemon is killed n calls to its world from now; 0, at once. */
	MODEL_MRD_DIES,
	MODEL_MRD_STARTS,
	MODEL_HAD_DIES,
	MODEL_HAD_STARTS,
	MODEL_HOST_BOOTS, /* power fails, kernel and run-time file are empty, mrd starts */
	MODEL_CUT,	  /* nothing gets to the host or away from it */
	MODEL_JOIN,
	MODEL_KINDS
};

struct model_step {
	int64_t ms;
	enum model_kind kind;
	unsigned host, guest, n;
};

struct model_schedule {
	uint64_t fates;	      /* of packets: the seed */
	unsigned lost, twice; /* of a hundred */
	unsigned delay_ms, jitter_ms;
	int64_t clock_ms[MODEL_HOSTS]; /* wrong by so much */
	size_t n;
	struct model_step step[MODEL_STEPS]; /* by time */
};

/* The same one for the same seed. */
void model_schedule_make(struct model_schedule *s, uint64_t seed);
void model_schedule_put(FILE *out, const struct model_schedule *s);
int model_schedule_get(FILE *in, struct model_schedule *ret_schedule); /* 0 or -EBADMSG */
uint64_t model_random(uint64_t *state);

/* ---- model_world.c: a run of it ---- */

struct model_host {
	bool up, dead; /* dead: killed, but the call it was in has not returned yet */
	unsigned dies_in;
	int64_t boot_ms; /* its monotonic clock begins here */
	struct in6_addr careof;
	struct mr *mr;
	struct want *want;
	struct plan kernel;
	struct mr_text file;
	mono_t armed;
	bool cut;
	bool told[MODEL_GUESTS]; /* the last word it heard is what is */
};

struct model_agent {
	bool up, dead;
	unsigned dies_in;
	struct ha *ha;
	struct want *want;
	struct plan kernel;
	mono_t armed;
};

struct model_guest {
	char name[8];
	struct in6_addr home;
	struct ip6_prefix prefix;
	unsigned is_on;
};

/* A guest as all schedules have it. */
const struct model_guest *model_guest(unsigned guest);
const struct in6_addr *model_address(unsigned node);
/* MODEL_NODES if nobody has it. */
unsigned model_node_of(const struct in6_addr *address);

/*
 * Run it. NULL: all held. Else what did not, valid until the next run. trace: tell
 * what happens, or NULL.
 */
const char *model_run(const struct model_schedule *s, FILE *trace);

/*
 * A host that was told wrongly, or too late, that it has a guest takes the binding away
 * from the right one, which brings it back with its next refresh: half of a lifetime of
 * 120 s after its last Binding Update, so 60 s and the time of a registration after the
 * last event at worst. How many runs since the beginning needed that moment more.
 */
extern uint64_t model_refreshed;

/* Make s as small as it gets while it does not hold. */
void model_shrink(struct model_schedule *s);

/* ---- model_check.c: what has to hold ---- */

enum model_end { MODEL_LOST, MODEL_DELIVERED, MODEL_SENT_ON };

/* What becomes of a packet for the guest that comes out of the tunnel from `from`. */
enum model_end model_arrives(
    const struct model_host *host, unsigned from, unsigned guest, unsigned *ret_next);
/* Where the home agent sends it: a host, or MODEL_NOWHERE. */
unsigned model_forwards(const struct model_agent *agent, unsigned guest);
/* Is what the guest sends on this host taken by the home agent? */
bool model_gets_out(const struct model_host *host, const struct model_agent *agent, unsigned host_n,
    unsigned guest);

/* Each of them: NULL, or what does not hold. */
const char *model_check_ways(
    const struct model_host host[static MODEL_HOSTS], const struct model_agent *agent);
const char *model_check_served(const struct model_host host[static MODEL_HOSTS],
    const struct model_agent *agent, const unsigned is_on[static MODEL_GUESTS]);
const char *model_check_left(const struct model_host host[static MODEL_HOSTS],
    const struct model_agent *agent, const unsigned is_on[static MODEL_GUESTS]);
