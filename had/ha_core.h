/*
 * ha_core.h - inside of the core: what ha.c (messages, bindings, time), ha_answer.c (what is
 * said), ha_hand.c (guests about to move) and ha_home.c (home links) share.
 *
 * Layer: core, private.
 */
#pragma once

#include "had/ha.h"
#include "had/ha_adopt.h"
#include "had/ha_home.h"

struct ha {
	const struct ha_policy *policy; /* NULL before the first configuration */
	const struct ha_table *table;
	struct want *want;
	const struct ha_ops *ops;
	void *ctx;
	struct ha_cache cache;
	struct plan underneath;
	struct ha_adopted adopted;
	struct ha_home home;
	struct plan next; /* scratch: the plan that is being made */
	size_t bound;
	mono_t armed;
	mono_t errors_since; /* the second in which the errors below were sent */
	unsigned errors;
	uint16_t notice_seq; /* of the last Update Notification */
	uint64_t counted[HA_REASONS];
};

struct ha_view ha_view_of(const struct ha *h);

/* What became of a binding; previous_coa is NULL but for a move. */
void ha_say(struct ha *h, enum ha_event_kind kind, enum ha_reason reason, const struct ha_reg *reg,
    const struct in6_addr *previous_coa);
/* A message that changed nothing. q is NULL if it asked for nothing. */
void ha_say_no(struct ha *h, enum ha_reason reason, const struct ip6_mh_packet *p,
    const struct ha_request *q, int status);

/* To this address as it is, or by home through the routing header that acknowledgements have. */
void ha_send_mh(
    struct ha *h, const struct mh *m, const struct in6_addr *to, const struct in6_addr *home);

/* The Binding Acknowledgement to p. */
void ha_acknowledge(struct ha *h, const struct ip6_mh_packet *p, const struct ha_verdict *v,
    int status, mono_t now);
/* Error messages, if there were not too many in the last second. */
bool ha_may_send_error(struct ha *h, mono_t now, const struct ip6_mh_packet *p);
void ha_binding_error(struct ha *h, const struct ip6_mh_packet *p, uint8_t status);
void ha_parameter_problem(struct ha *h, const struct ip6_mh_packet *p, size_t at);

/*
 * Judge and answer a Binding Update that waited. HA_DUPLICATE: the address is somebody
 * else's on its link; HA_REGISTERED: as if it came now, tested.
 */
void ha_settle(struct ha *h, const struct ha_request *q, enum ha_reason found, mono_t now);

/* Make the kernel have what reg and the late addresses call for. 0 or -errno, and as before. */
int ha_install(struct ha *h, struct ha_bind *b, const struct ha_reg *reg,
    const struct ha_late *late, uint8_t lates);
/* When something is to be done for b, after a change of any of its instants. */
void ha_set_due(struct ha *h, struct ha_bind *b);
