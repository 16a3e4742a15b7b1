#include "training/model_int.h"

const struct tw_proj_name tw_proj_names[TW_PROJ_COUNT] = {
	[TW_PROJ_Q] = {"q_proj", "attn_q"},	    [TW_PROJ_K] = {"k_proj", "attn_k"},
	[TW_PROJ_V] = {"v_proj", "attn_v"},	    [TW_PROJ_O] = {"o_proj", "attn_output"},
	[TW_PROJ_GATE] = {"gate_proj", "ffn_gate"}, [TW_PROJ_UP] = {"up_proj", "ffn_up"},
	[TW_PROJ_DOWN] = {"down_proj", "ffn_down"},
};

int tw_proj_in(const struct tw_shape *s, enum tw_proj p)
{
	return p == TW_PROJ_O ? tw_q_dim(s) : p == TW_PROJ_DOWN ? s->F : s->C;
}

int tw_proj_out(const struct tw_shape *s, enum tw_proj p)
{
	switch (p) {
	case TW_PROJ_Q:
		return tw_q_dim(s);
	case TW_PROJ_K:
	case TW_PROJ_V:
		return tw_kv_dim(s);
	case TW_PROJ_GATE:
	case TW_PROJ_UP:
		return s->F;
	default:
		return s->C;
	}
}

void tw_matrix_rows(float *dst, const struct tw_matrix *m, int from, int n)
{
	for (int i = 0; i < n; i++)
		m->to_float(m->data + (size_t)(from + i) * m->row_bytes,
			    dst + (size_t)i * (size_t)m->cols, m->cols);
}
