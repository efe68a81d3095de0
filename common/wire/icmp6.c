/* icmp6.c - see icmp6.h. */
#include "common/wire/icmp6.h"

#include <errno.h>

enum {
	CHECKSUM_AT = 2,
	ERROR_OCTETS = 8, /* of an error message before the invoking packet */
	INVOKING_MAX = IP6_MIN_MTU - IP6_HEADER_OCTETS - ERROR_OCTETS, /* RFC 4443 2.4 (c) */
	DHAAD_R = 0x8000,					       /* RFC 3963 7.1, 7.2 */
	MPA_FLAGS = ND_RA_M | ND_RA_O,				       /* RFC 6275 6.8 */
};

static void
put_type(struct wire_writer *w, uint8_t type, uint8_t code)
{
	wire_put_u8(w, type);
	wire_put_u8(w, code);
	wire_put_u16(w, 0); /* checksum */
}

/* Fill in the checksum of what w holds. */
static int
finish(struct wire_writer *w, const struct in6_addr *src, const struct in6_addr *dst)
{
	if (w->bad)
		return -EMSGSIZE;
	wire_set_u16(w, CHECKSUM_AT, ip6_checksum(src, dst, IP6_ICMP6, w->base, w->pos));
	return 0;
}

int
icmp6_error_get(struct wire_reader *r, struct icmp6_error *ret_error)
{
	struct icmp6_error e = { .type = wire_get_u8(r), .code = wire_get_u8(r) };

	wire_get_u16(r); /* checksum */
	e.value = wire_get_u32(r);
	if (e.type != ICMP6_TOO_BIG && e.type != ICMP6_PARAMETER)
		e.value = 0; /* unused there: RFC 4443 3.1, 3.3 */
	e.invoking_len = wire_left(r);
	e.invoking = wire_take(r, e.invoking_len);
	if (r->bad || e.type >= 128)
		return -EBADMSG;
	*ret_error = e;
	return 0;
}

int
icmp6_error_put(struct wire_writer *w, const struct icmp6_error *e, const struct in6_addr *src,
    const struct in6_addr *dst)
{
	put_type(w, e->type, e->code);
	wire_put_u32(w, e->value);
	wire_put(w, e->invoking, e->invoking_len < INVOKING_MAX ? e->invoking_len : INVOKING_MAX);
	return finish(w, src, dst);
}

int
icmp6_dhaad_get(struct wire_reader *r, struct icmp6_dhaad *ret_dhaad)
{
	struct icmp6_dhaad d = { 0 };
	uint8_t type = wire_get_u8(r);
	uint8_t code = wire_get_u8(r);

	d.reply = type == ICMP6_DHAAD_REPLY;
	wire_get_u16(r); /* checksum */
	d.id = wire_get_u16(r);
	d.mobile_router = wire_get_u16(r) & DHAAD_R;
	while (d.reply && wire_left(r) > 0 && d.n < ICMP6_AGENTS_MAX)
		d.agent[d.n++] = wire_get_addr(r);

	if (r->bad || code != 0 || (type != ICMP6_DHAAD_REQUEST && !d.reply))
		return -EBADMSG;
	if (d.reply && wire_left(r) > 0)
		return -EBADMSG; /* more than RFC 6275 10.5.1 lets an agent send */
	*ret_dhaad = d;
	return 0;
}

int
icmp6_dhaad_put(struct wire_writer *w, const struct icmp6_dhaad *d, const struct in6_addr *src,
    const struct in6_addr *dst)
{
	uint8_t n = d->reply ? d->n : 0;

	if (n > ICMP6_AGENTS_MAX)
		return -EMSGSIZE;
	put_type(w, d->reply ? ICMP6_DHAAD_REPLY : ICMP6_DHAAD_REQUEST, 0);
	wire_put_u16(w, d->id);
	wire_put_u16(w, d->mobile_router ? DHAAD_R : 0);
	for (uint8_t i = 0; i < n; i++)
		wire_put_addr(w, d->agent[i]);
	return finish(w, src, dst);
}

int
icmp6_mps_get(struct wire_reader *r, struct icmp6_mps *ret_mps)
{
	struct icmp6_mps m = { 0 };
	struct wire_reader body;
	uint8_t type = wire_get_u8(r);
	uint8_t code = wire_get_u8(r);

	wire_get_u16(r); /* checksum */
	m.id = wire_get_u16(r);
	wire_get_u16(r); /* reserved */
	while (wire_left(r) > 0)
		(void)nd_option_get(r, &body); /* none has been defined */
	if (r->bad || code != 0 || type != ICMP6_MPS)
		return -EBADMSG;
	*ret_mps = m;
	return 0;
}

int
icmp6_mps_put(struct wire_writer *w, const struct icmp6_mps *m, const struct in6_addr *src,
    const struct in6_addr *dst)
{
	put_type(w, ICMP6_MPS, 0);
	wire_put_u16(w, m->id);
	wire_put_u16(w, 0);
	return finish(w, src, dst);
}

static void
get_mpa_option(struct wire_reader *r, struct icmp6_mpa *m)
{
	struct wire_reader body;
	uint8_t type = nd_option_get(r, &body);
	struct nd_prefix p;

	if (r->bad || type != ND_OPT_PREFIX)
		return;
	p = nd_prefix_get(&body);
	if (body.bad || m->n == ICMP6_PREFIXES_MAX)
		r->bad = true;
	else
		m->prefix[m->n++] = p;
}

int
icmp6_mpa_get(struct wire_reader *r, struct icmp6_mpa *ret_mpa)
{
	struct icmp6_mpa m = { 0 };
	uint8_t type = wire_get_u8(r);
	uint8_t code = wire_get_u8(r);

	wire_get_u16(r); /* checksum */
	m.id = wire_get_u16(r);
	m.flags = wire_get_u8(r) & MPA_FLAGS;
	wire_get_u8(r); /* reserved */
	while (wire_left(r) > 0)
		get_mpa_option(r, &m);
	if (r->bad || code != 0 || type != ICMP6_MPA)
		return -EBADMSG;
	*ret_mpa = m;
	return 0;
}

int
icmp6_mpa_put(struct wire_writer *w, const struct icmp6_mpa *m, const struct in6_addr *src,
    const struct in6_addr *dst)
{
	if (m->n > ICMP6_PREFIXES_MAX)
		return -EMSGSIZE;
	put_type(w, ICMP6_MPA, 0);
	wire_put_u16(w, m->id);
	wire_put_u8(w, m->flags & MPA_FLAGS);
	wire_put_u8(w, 0);
	for (uint8_t i = 0; i < m->n; i++)
		nd_prefix_put(w, &m->prefix[i]);
	return finish(w, src, dst);
}
