#!/usr/bin/env python3
"""Fine-tunes Twin's base with TRL and PEFT, on a GPU when there is one. For twin.yaml:

    training:
      trainer: command
      command: .venv/bin/python trl_sft.py
      args: [--epochs, 1, --batch, 4, --learning-rate, 2e-4]

Twin calls it with the path of settings.json in front. It loads the base's GGUF through transformers (float32 of
whatever the file holds), trains a LoRA adapter with SFTTrainer, or with DPOTrainer for --method dpo, prints a line of
JSON for each step, and leaves the adapter as PEFT saves it; Twin converts that. Asked to stop, it saves a checkpoint;
called again, it goes on from the last one. Everything it needs is on disk: nothing is fetched.

Tested with torch 2.15, transformers 5.24, peft 0.21, trl 1.16 (tools/requirements-bench.txt).
"""

import argparse
import json
import math
import os
import pathlib
import signal

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_DATASETS_OFFLINE", "1")

import torch  # noqa: E402
import transformers  # noqa: E402
from datasets import load_dataset  # noqa: E402
from peft import LoraConfig, PeftModel, get_peft_model  # noqa: E402
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback  # noqa: E402
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer  # noqa: E402

# How Twin writes messages for a base that has no chat template.
PLAIN = """{% for m in messages if m.content or m.role == "assistant" %}{{ m.content }}\
{{ eos_token if m.role == "assistant" else "\\n" }}{% endfor %}"""
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("settings")
    p.add_argument("--method", choices=["sft", "dpo"], default="sft")
    p.add_argument("--epochs", type=float, default=1)
    p.add_argument("--max-steps", type=int, default=-1)
    p.add_argument("--batch", type=int, default=2)
    p.add_argument("--accumulate", type=int, default=1)
    p.add_argument("--sequence", type=int, default=1024)
    p.add_argument("--rank", type=int, default=16)
    p.add_argument("--alpha", type=float, default=32)
    p.add_argument("--dropout", type=float, default=0)
    p.add_argument("--rslora", action="store_true")
    p.add_argument("--learning-rate", type=float, default=2e-4)
    p.add_argument("--warmup", type=float, default=0.05)
    p.add_argument("--beta", type=float, default=0.1, help="of DPO")
    p.add_argument("--eval-every", type=int, default=20)
    p.add_argument("--save-every", type=int, default=50)
    return p.parse_args()


class Talk(TrainerCallback):
    """Metrics as Twin reads them, and a polite stop."""

    def __init__(self):
        self.stop = False
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "stop", True))

    def on_log(self, args, state, control, logs=None, **_):
        line = {"step": state.global_step}
        for name, value in (logs or {}).items():
            if isinstance(value, (int, float)) and math.isfinite(value) and not name.startswith(("train_", "total_")):
                line[name] = value
        if logs and "num_tokens" in logs:
            line["tokens"] = int(logs["num_tokens"])
        print(json.dumps(line), flush=True)

    def on_step_end(self, args, state, control, **_):
        if self.stop:
            control.should_save = control.should_training_stop = True
        return control


def load_base(path, device):
    path = pathlib.Path(path)
    model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    if not tokenizer.chat_template:
        begins = tokenizer("").input_ids[:1] == [tokenizer.bos_token_id]
        tokenizer.chat_template = ("{{ bos_token }}" if begins else "") + PLAIN
    # The weights are plain float32 by now. Only these marks still say GGUF, and Trainer refuses to train that.
    for mark in ("is_quantized", "quantization_method", "hf_quantizer"):
        vars(model).pop(mark, None)
    vars(model.config).pop("quantization_config", None)
    return model.to(device), tokenizer


def add_adapter(model, args, init):
    if init:
        return PeftModel.from_pretrained(model, init, is_trainable=True)
    config = LoraConfig(
        r=args.rank, lora_alpha=args.alpha, lora_dropout=args.dropout, use_rslora=args.rslora,
        target_modules=TARGETS, bias="none", task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


def make_trainer(args, settings, model, tokenizer, talk):
    pairs = "_pairs" if args.method == "dpo" else ""
    files = {"train": settings["train" + pairs], "valid": settings["valid" + pairs]}
    if not files["train"]:
        raise SystemExit(f"{args.method}: the dataset has no rows for it")
    data = load_dataset(
        "json", data_files={k: v for k, v in files.items() if v}, cache_dir=str(pathlib.Path(settings["checkpoints"]) / "data")
    )
    common = dict(
        output_dir=settings["checkpoints"],
        num_train_epochs=args.epochs,
        max_steps=args.max_steps,
        per_device_train_batch_size=args.batch,
        per_device_eval_batch_size=args.batch,
        gradient_accumulation_steps=args.accumulate,
        max_length=args.sequence,
        learning_rate=args.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=args.warmup,
        logging_steps=1,
        save_strategy="steps",
        save_steps=args.save_every,
        save_total_limit=2,
        eval_strategy="steps" if "valid" in data else "no",
        eval_steps=args.eval_every,
        seed=settings["seed"],
        report_to=[],
        disable_tqdm=True,
        bf16=torch.cuda.is_available(),
        use_cpu=not torch.cuda.is_available(),
    )
    if args.method == "dpo":
        kind, config = DPOTrainer, DPOConfig(beta=args.beta, **common)
    else:  # a chat template need not mark answers: the prompt is everything before the last message
        data = data.map(
            lambda row: {"prompt": row["messages"][:-1], "completion": row["messages"][-1:]}, remove_columns=["messages"]
        )
        kind, config = SFTTrainer, SFTConfig(completion_only_loss=True, **common)
    return kind(
        model=model, args=config, train_dataset=data["train"], eval_dataset=data.get("valid"),
        processing_class=tokenizer, callbacks=[talk],
    )


def last_checkpoint(folder):
    found = transformers.trainer_utils.get_last_checkpoint(folder)
    return found if found and (pathlib.Path(found) / "trainer_state.json").exists() else None


def main():
    args = arguments()
    settings = json.loads(pathlib.Path(args.settings).read_text())
    if settings["threads"]:
        torch.set_num_threads(settings["threads"])
    transformers.set_seed(settings["seed"])
    talk = Talk()
    model, tokenizer = load_base(settings["base"]["path"], "cuda" if torch.cuda.is_available() else "cpu")
    model = add_adapter(model, args, settings["init_adapter"])
    trainer = make_trainer(args, settings, model, tokenizer, talk)
    trainer.remove_callback(transformers.trainer_callback.PrinterCallback)
    trainer.train(resume_from_checkpoint=last_checkpoint(settings["checkpoints"]))
    if talk.stop:
        return
    if trainer.eval_dataset is not None:
        trainer.evaluate()
    trainer.model.save_pretrained(settings["output"], selected_adapters=["default"])  # DPO keeps a second one, its reference


if __name__ == "__main__":
    main()
