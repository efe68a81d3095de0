/* ha_answer.c - see ha_core.h: what the home agent says, to peers and to those who watch it. */
#include <assert.h>
#include <string.h>

#include "common/wire/icmp6.h"
#include "had/ha_core.h"

/* RFC 6275 9.3.3, RFC 4443 2.4 (f): error messages a second, whoever they go to. */
#define ERRORS_PER_S 10
#define MESSAGE_MAX 128 /* octets of a Mobility Header of ours */

/* ---- what is said about it ---- */

void
ha_say(struct ha *h, enum ha_event_kind kind, enum ha_reason reason, const struct ha_reg *reg,
    const struct in6_addr *previous_coa)
{
	struct ha_event e = {
		.kind = kind,
		.reason = reason,
		.hoa = reg->hoa,
		.coa = reg->coa,
		.seq = reg->seq,
		.lifetime_s = reg->lifetime_s,
		.n = reg->n,
		.prefix = reg->prefix,
	};

	if (previous_coa)
		e.previous_coa = *previous_coa;
	h->ops->event(h->ctx, &e);
}

void
ha_say_no(struct ha *h, enum ha_reason reason, const struct ip6_mh_packet *p,
    const struct ha_request *q, int status)
{
	struct ha_event e = {
		.kind = status == HA_SILENT ? HA_EV_DISCARDED : HA_EV_REFUSED,
		.reason = reason,
		.from = p->src,
		.hoa = *ip6_mh_source(p),
		.coa = q ? q->coa : p->src,
		.status = status == HA_SILENT ? 0 : (uint8_t)status,
		.seq = q ? q->seq : 0,
		.lifetime_s = q ? q->lifetime_s : 0,
		.n = q ? q->n : 0,
		.prefix = q ? q->prefix : NULL,
	};

	h->counted[reason]++;
	h->ops->event(h->ctx, &e);
}

/* ---- what is sent ---- */

static struct ip6_mh_out
encode(const struct ha *h, const struct mh *m, const struct in6_addr *to,
    const struct in6_addr *home, uint8_t buf[static MESSAGE_MAX])
{
	struct wire_writer w = { .base = buf, .len = MESSAGE_MAX };
	struct ip6_mh_out out = {
		.src = h->policy->address,
		.dst = *to,
		.with_rh2 = home != NULL,
		.home = home ? *home : in6addr_any,
		.mh = buf,
	};
	int r = mh_put(&w, m);

	assert(r == 0); /* ours are short, and have rows */
	(void)r;
	out.mh_len = w.pos;
	return out;
}

void
ha_send_mh(struct ha *h, const struct mh *m, const struct in6_addr *to, const struct in6_addr *home)
{
	uint8_t buf[MESSAGE_MAX];
	struct ip6_mh_out out = encode(h, m, to, home, buf);

	h->ops->send(h->ctx, &out);
}

/*
 * M-20: whatever the A flag says. M-24: to the source on the wire, through the
 * home address if there was an option with it. M-25: K is never ours to grant.
 */
void
ha_acknowledge(
    struct ha *h, const struct ip6_mh_packet *p, const struct ha_verdict *v, int status, mono_t now)
{
	struct mh m = { .type = MH_BA };
	uint8_t buf[MESSAGE_MAX];
	struct ip6_mh_out out;
	int64_t refresh_s = h->policy->refresh_ms / 1000;

	m.ba.status = (uint8_t)status;
	m.ba.seq = v->seq;
	if (status < 128 && v->reason != HA_DEREGISTERED) {
		m.ba.status = v->prefix_discovery ? MH_ACCEPTED_PREFIX_DISCOVERY : MH_ACCEPTED;
		m.ba.lifetime_s = v->reg.lifetime_s;
		/* N-25: forwarding is in place, the kernel has said so. */
		m.ba.flags = v->reg.mobile_router ? MH_BA_R : 0;
		/* M-23: a binding here lives in memory only, so advice is allowed. */
		if (refresh_s > 0 && refresh_s < m.ba.lifetime_s) {
			m.opts.n[MH_OPT_REFRESH] = 1;
			m.opts.refresh_s = (uint32_t)refresh_s & ~3u;
		}
	}
	out = encode(h, &m, &p->src, p->has_hao ? &p->hao : NULL, buf);
	if (status < 128 || !ha_home_answer(h, p, &out, now))
		h->ops->send(h->ctx, &out);
}

bool
ha_may_send_error(struct ha *h, mono_t now, const struct ip6_mh_packet *p)
{
	if (!ip6_is_unicast_routable(&p->src))
		return false;
	if (mono_reached(now, mono_add_ms(h->errors_since, 1000))) {
		h->errors_since = now;
		h->errors = 0;
	}
	return h->errors++ < ERRORS_PER_S;
}

/* RFC 6275 9.3.3: to the source on the wire, no routing header, the option's address or ::. */
void
ha_binding_error(struct ha *h, const struct ip6_mh_packet *p, uint8_t status)
{
	struct mh m = { .type = MH_BE };

	m.be.status = status;
	if (p->has_hao)
		m.be.home = p->hao;
	ha_send_mh(h, &m, &p->src, NULL);
}

void
ha_parameter_problem(struct ha *h, const struct ip6_mh_packet *p, size_t at)
{
	uint8_t buf[IP6_MIN_MTU];
	struct wire_writer w = { .base = buf, .len = sizeof(buf) };
	struct icmp6_error e = { .type = ICMP6_PARAMETER };
	struct ip6_icmp6_out out = { .src = h->policy->address, .dst = p->src, .icmp6 = buf };

	if (!p->packet)
		return;
	e.value = (uint32_t)((size_t)(p->mh - p->packet) + at);
	e.invoking = p->packet;
	e.invoking_len = p->packet_len;
	if (icmp6_error_put(&w, &e, &out.src, &out.dst) < 0)
		return;
	out.icmp6_len = w.pos;
	h->ops->icmp6(h->ctx, &out);
}
