/* hand.c - see hand.h. */
#include "common/wire/hand.h"

#include <assert.h>
#include <errno.h>

static bool
is_carried_by(enum hand_kind kind, enum mh_type type)
{
	switch (kind) {
	case HAND_ASK:
	case HAND_ANSWER:
		return type == MH_EXPERIMENTAL;
	case HAND_EXPECTED:
	case HAND_SWITCHED:
		return type == MH_UPN;
	case HAND_NONE:
		break;
	}
	return false;
}

static const struct mh_vendor *
find(const struct mh *m)
{
	for (unsigned i = 0; i < m->opts.n[MH_OPT_VENDOR]; i++) {
		if (m->opts.vendor[i].vendor == HAND_VENDOR)
			return &m->opts.vendor[i];
	}
	return NULL;
}

int
hand_get(const struct mh *m, struct hand *ret_hand)
{
	const struct mh_vendor *v = find(m);
	struct wire_reader r;

	memset(ret_hand, 0, sizeof(*ret_hand));
	if (!v || !is_carried_by(v->subtype, m->type))
		return -ENOENT;
	r = (struct wire_reader){ .base = v->data.p, .len = v->data.n };
	ret_hand->kind = v->subtype;
	ret_hand->code = wire_get_u8(&r);
	ret_hand->id = wire_get_u16(&r);
	ret_hand->seq = wire_get_u16(&r);
	ret_hand->flags = wire_get_u16(&r);
	ret_hand->lifetime_s = wire_get_u16(&r) * 4u;
	ret_hand->home = wire_get_addr(&r);
	ret_hand->careof = wire_get_addr(&r);
	return r.bad ? -EBADMSG : 0;
}

void
hand_put(struct mh *m, const struct hand *h, uint8_t octets[static HAND_OCTETS])
{
	struct wire_writer w = { .base = octets, .len = HAND_OCTETS };
	struct mh_vendor *v = &m->opts.vendor[0];

	assert(is_carried_by(h->kind, m->type));
	wire_put_u8(&w, h->code);
	wire_put_u16(&w, h->id);
	wire_put_u16(&w, h->seq);
	wire_put_u16(&w, h->flags);
	wire_put_u16(&w, mh_units(h->lifetime_s));
	wire_put_addr(&w, h->home);
	wire_put_addr(&w, h->careof);
	assert(!w.bad && w.pos == HAND_OCTETS);
	m->opts.n[MH_OPT_VENDOR] = 1;
	*v = (struct mh_vendor){ HAND_VENDOR, (uint8_t)h->kind, { octets, HAND_OCTETS } };
}
