"""Speech vendors: each fills the ports of `offhook.speech`, and its name occurs in its own files only."""
