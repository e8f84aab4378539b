"""Starting engines, following them and sending commands; draws nothing."""
