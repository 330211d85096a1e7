"""What teachers say of training images: asked live, or remembered."""
