/*
 * mh.c - see mh.h.
 *
 * A message is 6 octets that all share, the fixed part its row knows, and options.
 */
#include "common/wire/mh.h"

#include <errno.h>

enum {
	NO_PAYLOAD = IP6_NONE, /* what Payload Proto must say */
	PAYLOAD_PROTO_AT = 0,
	HEADER_LEN_AT = 1,
	TYPE_AT = 2,
	HEADER_OCTETS = 6,
};

enum { /* flag words; reserved bits are not in these */
	BU_FLAGS = 0xfff0,
	BA_FLAGS = 0xfe,
	HEARTBEAT_U = 0x0002,
	HEARTBEAT_R = 0x0001,
	REVOCATION_P = 0x8000,
	REVOCATION_V = 0x4000,
	REVOCATION_G = 0x2000,
	UPN_A = 0x8000,
	UPN_D = 0x4000,
};

/* ---- a pair for each message: what is between checksum and options ---- */

static void
get_brr(struct wire_reader *r, struct mh *m)
{
	(void)m;
	wire_get_u16(r); /* reserved */
}

static void
put_brr(struct wire_writer *w, const struct mh *m)
{
	(void)m;
	wire_put_u16(w, 0);
}

static void
get_test_init(struct wire_reader *r, struct mh *m)
{
	wire_get_u16(r); /* reserved */
	m->test.cookie = wire_get_u64(r);
}

static void
put_test_init(struct wire_writer *w, const struct mh *m)
{
	wire_put_u16(w, 0);
	wire_put_u64(w, m->test.cookie);
}

static void
get_test(struct wire_reader *r, struct mh *m)
{
	m->test.nonce_index = wire_get_u16(r);
	m->test.cookie = wire_get_u64(r);
	m->test.token = wire_get_u64(r);
}

static void
put_test(struct wire_writer *w, const struct mh *m)
{
	wire_put_u16(w, m->test.nonce_index);
	wire_put_u64(w, m->test.cookie);
	wire_put_u64(w, m->test.token);
}

static void
get_bu(struct wire_reader *r, struct mh *m)
{
	m->bu.seq = wire_get_u16(r);
	m->bu.flags = wire_get_u16(r) & BU_FLAGS;
	m->bu.lifetime_s = wire_get_u16(r) * 4u;
}

static void
put_bu(struct wire_writer *w, const struct mh *m)
{
	wire_put_u16(w, m->bu.seq);
	wire_put_u16(w, m->bu.flags & BU_FLAGS);
	wire_put_u16(w, mh_units(m->bu.lifetime_s));
}

static void
get_ba(struct wire_reader *r, struct mh *m)
{
	m->ba.status = wire_get_u8(r);
	m->ba.flags = wire_get_u8(r) & BA_FLAGS;
	m->ba.seq = wire_get_u16(r);
	m->ba.lifetime_s = wire_get_u16(r) * 4u;
}

static void
put_ba(struct wire_writer *w, const struct mh *m)
{
	wire_put_u8(w, m->ba.status);
	wire_put_u8(w, m->ba.flags & BA_FLAGS);
	wire_put_u16(w, m->ba.seq);
	wire_put_u16(w, mh_units(m->ba.lifetime_s));
}

static void
get_be(struct wire_reader *r, struct mh *m)
{
	m->be.status = wire_get_u8(r);
	wire_get_u8(r); /* reserved */
	m->be.home = wire_get_addr(r);
}

static void
put_be(struct wire_writer *w, const struct mh *m)
{
	wire_put_u8(w, m->be.status);
	wire_put_u8(w, 0);
	wire_put_addr(w, m->be.home);
}

static void
get_switch(struct wire_reader *r, struct mh *m)
{
	uint8_t n = wire_get_u8(r);

	wire_get_u8(r); /* reserved */
	for (uint8_t i = 0; i < n; i++) {
		struct in6_addr a = wire_get_addr(r);

		if (i < MH_SWITCH_MAX) /* RFC 5142 6.2: tried in order, so the first will do */
			m->sw.home_agent[m->sw.n++] = a;
	}
}

static void
put_switch(struct wire_writer *w, const struct mh *m)
{
	if (m->sw.n > MH_SWITCH_MAX) {
		w->bad = true;
		return;
	}
	wire_put_u8(w, m->sw.n);
	wire_put_u8(w, 0);
	for (uint8_t i = 0; i < m->sw.n; i++)
		wire_put_addr(w, m->sw.home_agent[i]);
}

static void
get_heartbeat(struct wire_reader *r, struct mh *m)
{
	uint16_t flags = wire_get_u16(r);

	m->hb.unsolicited = flags & HEARTBEAT_U;
	m->hb.response = flags & HEARTBEAT_R;
	m->hb.seq = wire_get_u32(r);
}

static void
put_heartbeat(struct wire_writer *w, const struct mh *m)
{
	wire_put_u16(w,
	    (uint16_t)((m->hb.unsolicited ? HEARTBEAT_U : 0) | (m->hb.response ? HEARTBEAT_R : 0)));
	wire_put_u32(w, m->hb.seq);
}

static void
get_revocation(struct wire_reader *r, struct mh *m)
{
	uint16_t flags;

	m->rev.kind = wire_get_u8(r);
	m->rev.code = wire_get_u8(r);
	m->rev.seq = wire_get_u16(r);
	flags = wire_get_u16(r);
	m->rev.proxy = flags & REVOCATION_P;
	m->rev.ipv4_only = flags & REVOCATION_V;
	m->rev.global = flags & REVOCATION_G;
}

static void
put_revocation(struct wire_writer *w, const struct mh *m)
{
	wire_put_u8(w, m->rev.kind);
	wire_put_u8(w, m->rev.code);
	wire_put_u16(w, m->rev.seq);
	wire_put_u16(w,
	    (uint16_t)((m->rev.proxy ? REVOCATION_P : 0) | (m->rev.ipv4_only ? REVOCATION_V : 0) |
		       (m->rev.global ? REVOCATION_G : 0)));
}

static void
get_upn(struct wire_reader *r, struct mh *m)
{
	uint16_t flags;

	m->upn.seq = wire_get_u16(r);
	m->upn.reason = wire_get_u16(r);
	flags = wire_get_u16(r);
	m->upn.acknowledge = flags & UPN_A;
	m->upn.again = flags & UPN_D;
}

static void
put_upn(struct wire_writer *w, const struct mh *m)
{
	wire_put_u16(w, m->upn.seq);
	wire_put_u16(w, m->upn.reason);
	wire_put_u16(w, (uint16_t)((m->upn.acknowledge ? UPN_A : 0) | (m->upn.again ? UPN_D : 0)));
}

static void
get_upa(struct wire_reader *r, struct mh *m)
{
	m->upa.seq = wire_get_u16(r);
	m->upa.status = wire_get_u8(r);
	wire_get_u8(r); /* reserved, with the two after it */
	wire_get_u16(r);
}

static void
put_upa(struct wire_writer *w, const struct mh *m)
{
	wire_put_u16(w, m->upa.seq);
	wire_put_u8(w, m->upa.status);
	wire_put_zero(w, 3);
}

/* ---- the tables ---- */

/* Everything this program knows about a message type. */
static const struct message {
	const char *name;
	uint8_t octets; /* least length without options; the least Header Len follows from it */
	void (*get)(struct wire_reader *, struct mh *);
	void (*put)(struct wire_writer *, const struct mh *);
} messages[MH_TYPES] = {
	/* clang-format off */
	/* RFC 6275 6.1.2 to 6.1.9 */
	[MH_BRR]        = { "Binding Refresh Request",  8, get_brr,        put_brr        },
	[MH_HOTI]       = { "Home Test Init",          16, get_test_init,  put_test_init  },
	[MH_COTI]       = { "Care-of Test Init",       16, get_test_init,  put_test_init  },
	[MH_HOT]        = { "Home Test",               24, get_test,       put_test       },
	[MH_COT]        = { "Care-of Test",            24, get_test,       put_test       },
	[MH_BU]         = { "Binding Update",          12, get_bu,         put_bu         },
	[MH_BA]         = { "Binding Acknowledgement", 12, get_ba,         put_ba         },
	[MH_BE]         = { "Binding Error",           24, get_be,         put_be         },
	/* RFC 5096 3 */
	[MH_EXPERIMENTAL] = { "Experimental",           8, get_brr,        put_brr        }, /* alike */
	/* RFC 5142 4 */
	[MH_SWITCH]     = { "Home Agent Switch",        8, get_switch,     put_switch     },
	/* RFC 5847 3.3 */
	[MH_HEARTBEAT]  = { "Heartbeat",               12, get_heartbeat,  put_heartbeat  },
	/* RFC 5846 5 */
	[MH_REVOCATION] = { "Binding Revocation",      12, get_revocation, put_revocation },
	/* RFC 7077 4.1, 4.2 */
	[MH_UPN]        = { "Update Notification",     12, get_upn,        put_upn        },
	[MH_UPA]        = { "Update Notification Acknowledgement", 12, get_upa, put_upa   },
	/* clang-format on */
};

/* Status of a Binding Acknowledgement as the RFCs and IANA name them. */
static const char *const statuses[] = {
	[MH_ACCEPTED] = "Binding Update accepted",
	[MH_ACCEPTED_PREFIX_DISCOVERY] = "Accepted but prefix discovery necessary",
	[MH_UNSPECIFIED] = "Reason unspecified",
	[MH_PROHIBITED] = "Administratively prohibited",
	[MH_NO_RESOURCES] = "Insufficient resources",
	[MH_HOME_UNSUPPORTED] = "Home registration not supported",
	[MH_NOT_HOME_SUBNET] = "Not home subnet",
	[MH_NOT_HOME_AGENT] = "Not home agent for this mobile node",
	[MH_DAD_FAILED] = "Duplicate Address Detection failed",
	[MH_SEQUENCE] = "Sequence number out of window",
	[136] = "Expired home nonce index",
	[137] = "Expired care-of nonce index",
	[138] = "Expired nonces",
	[MH_TYPE_CHANGE] = "Registration type change disallowed",
	[MH_ROUTER_NOT_PERMITTED] = "Mobile Router Operation not permitted",
	[MH_INVALID_PREFIX] = "Invalid Prefix",
	[MH_NOT_AUTHORIZED] = "Not Authorized for Prefix",
	[MH_FORWARDING_FAILED] = "Forwarding Setup failed",
	[MH_ID_MISMATCH] = "MIPV6-ID-MISMATCH",
	[MH_ID_REQUIRED] = "MIPV6-MESG-ID-REQD",
	[MH_AUTH_FAIL] = "MIPV6-AUTH-FAIL",
	[MH_INVALID_COA] = "Invalid Care-of Address",
};

static const struct message *
message_of(unsigned type)
{
	return type < MH_TYPES && messages[type].get ? &messages[type] : NULL;
}

/* ---- whole messages ---- */

/* Header Len that says octets: it counts words of 8 and leaves out the first. */
static size_t
header_len(size_t octets)
{
	return (octets + 7) / 8 - 1;
}

/* The checks of RFC 6275 9.2, in its order. */
enum mh_verdict
mh_get(const struct ip6_mh_packet *p, struct mh *ret_mh, size_t *ret_at)
{
	struct wire_reader r = { .base = p->mh, .len = p->mh_len, .pos = HEADER_OCTETS };
	const struct message *k;

	if (!p->mh || p->mh_len < 8 || p->mh_len > MH_OCTETS_MAX)
		return MH_DROP;
	if (ip6_checksum(ip6_mh_source(p), ip6_mh_destination(p), IP6_MH, p->mh, p->mh_len) != 0)
		return MH_DROP;
	k = message_of(p->mh[TYPE_AT]);
	if (!k)
		return MH_UNKNOWN;
	if (p->mh[PAYLOAD_PROTO_AT] != NO_PAYLOAD) {
		*ret_at = PAYLOAD_PROTO_AT;
		return MH_PROBLEM;
	}
	if (p->mh[HEADER_LEN_AT] < header_len(k->octets)) {
		*ret_at = HEADER_LEN_AT;
		return MH_PROBLEM;
	}
	if ((p->mh[HEADER_LEN_AT] + 1u) * 8 != p->mh_len)
		return MH_DROP;

	memset(ret_mh, 0, sizeof(*ret_mh));
	ret_mh->type = p->mh[TYPE_AT];
	k->get(&r, ret_mh);
	return mh_opts_get(&r, &ret_mh->opts) < 0 ? MH_DROP : MH_OK;
}

int
mh_put(struct wire_writer *w, const struct mh *m)
{
	const struct message *k = message_of(m->type);

	if (!k)
		return -EINVAL;
	wire_put_u16(w, NO_PAYLOAD << 8); /* Header Len is filled in below */
	wire_put_u8(w, (uint8_t)m->type);
	wire_put_u8(w, 0);  /* reserved */
	wire_put_u16(w, 0); /* checksum */
	k->put(w, m);
	if (mh_opts_put(w, &m->opts) < 0 || w->pos > MH_OCTETS_MAX)
		return -EMSGSIZE;
	wire_set_u16(w, PAYLOAD_PROTO_AT, (uint16_t)(NO_PAYLOAD << 8 | header_len(w->pos)));
	return 0;
}

const char *
mh_type_name(uint8_t type)
{
	const struct message *k = message_of(type);

	return k ? k->name : "unknown";
}

const char *
mh_status_name(uint8_t status)
{
	const char *name =
	    status < sizeof(statuses) / sizeof(statuses[0]) ? statuses[status] : NULL;

	return name ? name : "unknown";
}
