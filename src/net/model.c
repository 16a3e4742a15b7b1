#include "net/model.h"

const struct tw_proj_name tw_proj_names[TW_PROJ_COUNT] = {
	[TW_PROJ_Q] = {"q_proj", "attn_q"},
	[TW_PROJ_K] = {"k_proj", "attn_k"},
	[TW_PROJ_V] = {"v_proj", "attn_v"},
	[TW_PROJ_O] = {"o_proj", "attn_output"},
	[TW_PROJ_GATE] = {"gate_proj", "ffn_gate"},
	[TW_PROJ_UP] = {"up_proj", "ffn_up"},
	[TW_PROJ_DOWN] = {"down_proj", "ffn_down"},
	[TW_PROJ_QKV] = {"qkv_proj", "attn_qkv"},
	[TW_PROJ_GATE_UP] = {"gate_up_proj", "ffn_up"},
};

const struct tw_group_list tw_groups[TW_GROUP_COUNT] = {
	[TW_GROUP_QKV] = {{TW_PROJ_Q, TW_PROJ_K, TW_PROJ_V, TW_PROJ_QKV}, 4},
	[TW_GROUP_O] = {{TW_PROJ_O}, 1},
	[TW_GROUP_GATE_UP] = {{TW_PROJ_GATE, TW_PROJ_UP, TW_PROJ_GATE_UP}, 3},
	[TW_GROUP_DOWN] = {{TW_PROJ_DOWN}, 1},
};

int tw_proj_in(const struct tw_shape *s, enum tw_proj p)
{
	return p == TW_PROJ_O ? tw_q_dim(s) : p == TW_PROJ_DOWN ? s->F : s->C;
}

int tw_proj_out(const struct tw_shape *s, enum tw_proj p)
{
	switch (p) {
	case TW_PROJ_Q:
		return s->fused_qkv ? 0 : tw_q_dim(s);
	case TW_PROJ_K:
	case TW_PROJ_V:
		return s->fused_qkv ? 0 : tw_kv_dim(s);
	case TW_PROJ_QKV:
		return s->fused_qkv ? tw_qkv_dim(s) : 0;
	case TW_PROJ_GATE:
	case TW_PROJ_UP:
		return s->fused_ffn ? 0 : s->F;
	case TW_PROJ_GATE_UP:
		return s->fused_ffn ? 2 * s->F : 0;
	default:
		return s->C;
	}
}

int tw_group_out(const struct tw_shape *s, enum tw_group g)
{
	int n = 0;
	for (int i = 0; i < tw_groups[g].n; i++)
		n += tw_proj_out(s, tw_groups[g].p[i]);
	return n;
}

int tw_group_in(const struct tw_shape *s, enum tw_group g)
{
	return tw_proj_in(s, tw_groups[g].p[0]);
}

void tw_matrix_rows(float *dst, const struct tw_matrix *m, int from, int n)
{
	for (int i = 0; i < n; i++)
		m->to_float(m->data + (size_t)(from + i) * m->row_bytes,
			    dst + (size_t)i * (size_t)m->cols, m->cols);
}
